package hallpass

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/mr-tron/base58"
)

// Secret is a text that may be shown once, to whom it was made for, and to nobody else. Printing, logging or marshalling
// one as a value yields [Redacted]; only Reveal gives the text. It is not for the keys of maps, which encoders print.
type Secret string

// Redacted stands wherever a Secret would have been printed.
const Redacted = "[redacted]"

// Reveal returns the text itself.
func (s Secret) Reveal() string { return string(s) }

// String returns [Redacted].
func (Secret) String() string { return Redacted }

// GoString returns [Redacted].
func (Secret) GoString() string { return Redacted }

// Format writes [Redacted] for every verb.
func (Secret) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, Redacted) }

// MarshalText returns [Redacted].
func (Secret) MarshalText() ([]byte, error) { return []byte(Redacted), nil }

// LogValue returns [Redacted].
func (Secret) LogValue() slog.Value { return slog.StringValue(Redacted) }

// Digest is the SHA-256 of a verifier; the only part of a key or nonce that is stored.
type Digest [sha256.Size]byte

// Matches reports, in constant time, whether the digest is that of the verifier.
func (d Digest) Matches(v Verifier) bool {
	sum := v.Digest()
	return subtle.ConstantTimeCompare(d[:], sum[:]) == 1
}

// Verifier is the random half of a key or nonce: 128 bits that are shown once and never stored.
type Verifier [16]byte

// Digest returns what is stored of the verifier.
func (v Verifier) Digest() Digest { return sha256.Sum256(v[:]) }

// NewVerifier draws a verifier from random.
func NewVerifier(random io.Reader) (Verifier, error) {
	var v Verifier
	_, err := io.ReadFull(random, v[:])
	return v, err
}

// Selector is the public half of a key or nonce and the id of the row that it names: microseconds since 1970 UTC, as
// milliseconds and a thousandth, and ten random bits, so that ids grow with time and rows are appended.
type Selector int64

const (
	selectorMilliShift = 20
	selectorMicroShift = 10
	selectorRandomMask = 1<<selectorMicroShift - 1
)

// NewSelector returns a selector for a row made at now. Two of the same microsecond may collide; the store then says
// [ErrSelectorTaken] and the caller mints again.
func NewSelector(now time.Time, random io.Reader) (Selector, error) {
	var b [2]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return 0, err
	}
	return FirstSelector(now) | Selector(binary.BigEndian.Uint16(b[:])&selectorRandomMask), nil
}

// FirstSelector is the least selector that can be made at t or later.
func FirstSelector(t time.Time) Selector {
	micro := t.UnixMicro()
	return Selector(micro/1000<<selectorMilliShift | micro%1000<<selectorMicroShift)
}

// Time is when the selector was made, to the microsecond.
func (s Selector) Time() time.Time {
	micro := int64(s) >> selectorMicroShift & selectorRandomMask
	return time.UnixMicro(int64(s)>>selectorMilliShift*1000 + micro).UTC()
}

// ErrSelectorTaken says that another row has the selector already.
var ErrSelectorTaken = &Error{Kind: KindConflict, Detail: "The identifier is taken."}

// CredentialKind is what a credential's text begins with.
type CredentialKind string

// The kinds of credential. An application key's prefix carries its tenant's and its application's type for whoever reads
// it; neither is trusted, the stored row decides.
const (
	SessionKey     CredentialKind = "key_sess_"
	ApplicationKey CredentialKind = "key_" // key_{test|prod}_us_{pub|pvt|mgt}_
)

// Credential is a parsed key or nonce.
type Credential struct {
	Kind     CredentialKind // empty for a nonce
	Selector Selector
	Verifier Verifier
}

const credentialBytes = 8 + len(Verifier{})

// maxCredentialText bounds what is decoded; the longest prefix and 24 bytes in base58 stay well below it.
const maxCredentialText = 64

// Mint returns the text of a credential with the given prefix.
func Mint(prefix string, s Selector, v Verifier) Secret {
	var b [credentialBytes]byte
	binary.BigEndian.PutUint64(b[:8], uint64(s))
	copy(b[8:], v[:])
	return Secret(prefix + base58.Encode(b[:]))
}

// ParseKey reads the text of an application or session key. It reports false for anything that cannot be one.
func ParseKey(text string) (Credential, bool) {
	c := Credential{Kind: ApplicationKey}
	if strings.HasPrefix(text, string(SessionKey)) {
		c.Kind = SessionKey
	} else if !strings.HasPrefix(text, string(ApplicationKey)) {
		return Credential{}, false
	}
	ok := c.decode(text[strings.LastIndexByte(text, '_')+1:])
	return c, ok
}

// ParseNonce reads the text of a nonce. It reports false for anything that cannot be one.
func ParseNonce(text string) (Credential, bool) {
	var c Credential
	ok := c.decode(text)
	return c, ok
}

func (c *Credential) decode(text string) bool {
	if text == "" || len(text) > maxCredentialText {
		return false
	}
	b, err := base58.Decode(text)
	if err != nil || len(b) != credentialBytes || b[0]&0x80 != 0 {
		return false
	}
	c.Selector = Selector(binary.BigEndian.Uint64(b[:8]))
	copy(c.Verifier[:], b[8:])
	return true
}

// String returns the selector in decimal, as the audit log names sessions.
func (s Selector) String() string { return strconv.FormatInt(int64(s), 10) }

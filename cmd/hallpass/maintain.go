package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"github.com/google/uuid"

	"hallpass"
	"hallpass/store"
)

// accessTokenCommand prints an access token.
type accessTokenCommand struct {
	database
	Application string        `required:"" env:"HALLPASS_APPLICATION" placeholder:"ID" help:"Id of the application that the token is for."`
	TTL         time.Duration `name:"ttl" default:"1h" env:"HALLPASS_ACCESS_TOKEN_TTL" help:"How long the token is good, from 1s to 720h."`
	JSON        bool          `name:"json" env:"HALLPASS_JSON" help:"Print JSON."`
}

// Run prints a token for the application, with the scopes that its permissions entitle it to.
func (c *accessTokenCommand) Run(ctx context.Context, env environment) (err error) {
	if c.TTL < time.Second || c.TTL > store.SupersededSecretTTL {
		return fmt.Errorf("--ttl must be from 1s to %s", store.SupersededSecretTTL)
	}
	db, err := c.open(ctx, env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	token, err := signAccessToken(ctx, db, env, c.Application, c.TTL)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.NewEncoder(env.out).Encode(map[string]string{"access_token": token.Reveal()})
	}
	_, err = fmt.Fprintln(env.out, token.Reveal())
	return err
}

func signAccessToken(ctx context.Context, db *store.DB, env environment, applicationID string, ttl time.Duration) (hallpass.Secret, error) {
	application, _, err := db.Member(ctx, strings.ToLower(applicationID))
	if err != nil {
		return "", err
	}
	if application == nil {
		return "", errors.New("there is no application of that id; GET /applications lists them")
	}
	active, previous, err := db.SigningSecrets(ctx)
	if err != nil {
		return "", err
	}
	id, err := uuid.NewRandomFromReader(env.random)
	if err != nil {
		return "", err
	}
	return hallpass.NewSigner(active, previous).Sign(application.AccessClaims(id.String(), env.now().Add(ttl)))
}

// rotateSecretCommand makes a new signing secret.
type rotateSecretCommand struct {
	database
}

// Run makes a new signing secret. A server that runs on the database follows within a second.
func (c *rotateSecretCommand) Run(ctx context.Context, env environment) (err error) {
	db, err := c.open(ctx, env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	secret := make([]byte, hallpass.SigningSecretBytes)
	if _, err := io.ReadFull(env.random, secret); err != nil {
		return err
	}
	if err := db.RotateSigningSecret(ctx, secret); err != nil {
		return err
	}
	_, err = fmt.Fprintln(env.out, "The signing secret is new. Tokens of the one before stay good until they expire; those of any earlier one do not.")
	return err
}

// rotateDataKeyCommand makes a new data key.
type rotateDataKeyCommand struct {
	database
}

// Run puts a new data key before the present one in the key file, seals everything anew, and takes the old one out. Where
// it was interrupted it goes on. With the keys in the environment, the new one first, it seals and leaves them to you.
func (c *rotateDataKeyCommand) Run(ctx context.Context, env environment) error {
	keys, err := c.dataKeys()
	if err != nil {
		return err
	}
	path := ""
	if _, inEnvironment := os.LookupEnv(dataKeyVariable); !inEnvironment {
		if path, err = c.keyFile(); err != nil {
			return err
		}
	}
	if len(keys) == 1 {
		if path == "" {
			return fmt.Errorf("put the new data key before the present one in %s, parted by a comma", dataKeyVariable)
		}
		key := make([]byte, store.DataKeyBytes)
		if _, err := io.ReadFull(env.random, key); err != nil {
			return err
		}
		keys = append([][]byte{key}, keys...)
		if err := replaceKeyFile(path, keys); err != nil {
			return err
		}
	}
	if err := c.sealAnew(ctx, env); err != nil {
		return fmt.Errorf("%w; what is done is done, run the command again to go on", err)
	}
	if path == "" {
		_, err = fmt.Fprintf(env.out, "Everything is sealed with the first key of %s. Take the others out.\n", dataKeyVariable)
		return err
	}
	if err := replaceKeyFile(path, keys[:1]); err != nil {
		return err
	}
	_, err = fmt.Fprintf(env.out, "%s holds the new data key. The old one opens nothing but backups made before. Start the server again.\n", path)
	return err
}

func (c *rotateDataKeyCommand) sealAnew(ctx context.Context, env environment) (err error) {
	db, err := c.open(ctx, env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.RotateKeys(ctx)
}

// backupCommand copies a live database.
type backupCommand struct {
	database
	File string `arg:"" help:"The file to write; it must not exist."`
}

// Run writes the copy.
func (c *backupCommand) Run(ctx context.Context, env environment) (err error) {
	db, err := c.open(ctx, env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	return db.Backup(ctx, c.File)
}

// versionCommand prints the version.
type versionCommand struct{}

// Run prints the version that the program was built from.
func (versionCommand) Run(env environment) error {
	version, revision := "unknown", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		version = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " " + s.Value
			}
		}
	}
	_, err := fmt.Fprintln(env.out, "hallpass "+version+revision)
	return err
}

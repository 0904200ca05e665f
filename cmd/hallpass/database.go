package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"hallpass/store"
)

const dataKeyHelp = "File with the data key, readable by its owner alone; the database's path and .key where absent. HALLPASS_DATA_KEY, the key itself in base64, goes before it."

// database are the flags that say where the database is.
type database struct {
	DB          string `name:"db" env:"HALLPASS_DB" placeholder:"FILE|postgres://…" help:"The database: a file for SQLite, or the URL of a PostgreSQL database."`
	DataKeyFile string `env:"HALLPASS_DATA_KEY_FILE" placeholder:"FILE" help:"${data_key_help}"`
}

// dataKeyVariable holds the data key itself. It has no flag: command lines are for everyone to see.
const dataKeyVariable = "HALLPASS_DATA_KEY"

var errNoDatabase = errors.New("no database; say which with --db FILE, or start a development server with hallpass serve --dev")

// open opens the database, initialised before.
func (d *database) open(ctx context.Context, env environment) (*store.DB, error) {
	if d.DB == "" {
		return nil, errNoDatabase
	}
	if !store.IsPostgres(d.DB) {
		if _, err := os.Stat(d.DB); errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("%s: %w", d.DB, store.ErrUninitialised)
		}
	}
	keys, err := d.dataKeys()
	if err != nil {
		return nil, err
	}
	return store.Open(ctx, d.config(keys, env))
}

// config is for the data key and, behind it, the ones before it.
func (d *database) config(keys [][]byte, env environment) store.Config {
	return store.Config{DSN: d.DB, DataKey: keys[0], PreviousDataKeys: keys[1:], Now: env.now, Random: env.random}
}

// keyFile is where the data key is read from, unless it is in the environment.
func (d *database) keyFile() (string, error) {
	switch {
	case d.DataKeyFile != "":
		return d.DataKeyFile, nil
	case store.IsPostgres(d.DB):
		return "", errors.New("no data key; set HALLPASS_DATA_KEY or --data-key-file")
	}
	return d.DB + ".key", nil
}

// dataKeys reads the data key and, while it is being rotated, the ones before it. It refuses a file that others may read.
func (d *database) dataKeys() ([][]byte, error) {
	if text, ok := os.LookupEnv(dataKeyVariable); ok {
		return decodeDataKeys(text, dataKeyVariable)
	}
	path, err := d.keyFile()
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("cannot read the data key: %w; put it there or set %s", err, dataKeyVariable)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("%s can be read by others; run: chmod 600 %s", path, path)
	}
	text, err := os.ReadFile(filepath.Clean(path))
	if err != nil {
		return nil, fmt.Errorf("cannot read the data key: %w", err)
	}
	return decodeDataKeys(string(text), path)
}

// decodeDataKeys reads keys parted by white space or commas.
func decodeDataKeys(text, from string) ([][]byte, error) {
	var keys [][]byte
	for _, one := range strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || r == ',' }) {
		key, err := base64.StdEncoding.DecodeString(one)
		if err != nil || len(key) != store.DataKeyBytes {
			return nil, fmt.Errorf("%s does not hold a data key: %d bytes in base64", from, store.DataKeyBytes)
		}
		keys = append(keys, key)
	}
	if len(keys) == 0 {
		return nil, fmt.Errorf("%s does not hold a data key: %d bytes in base64", from, store.DataKeyBytes)
	}
	return keys, nil
}

// newDataKey makes a data key and, unless it came from the environment, writes it to the key file, which must not exist. It
// returns the file's path, empty where there is none.
func (d *database) newDataKey(random io.Reader) (keys [][]byte, path string, err error) {
	if text, ok := os.LookupEnv(dataKeyVariable); ok {
		keys, err = decodeDataKeys(text, dataKeyVariable)
		return keys, "", err
	}
	if path, err = d.keyFile(); err != nil {
		return nil, "", err
	}
	key := make([]byte, store.DataKeyBytes)
	if _, err := io.ReadFull(random, key); err != nil {
		return nil, "", err
	}
	return [][]byte{key}, path, writeKeyFile(path, [][]byte{key})
}

// writeKeyFile writes a new file with the keys, one to a line, that its owner alone may read.
func writeKeyFile(path string, keys [][]byte) error {
	file, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("cannot write the data key: %w", err)
	}
	for _, key := range keys {
		if _, err := fmt.Fprintln(file, base64.StdEncoding.EncodeToString(key)); err != nil {
			return errors.Join(err, file.Close())
		}
	}
	return errors.Join(file.Sync(), file.Close())
}

// replaceKeyFile puts the keys in the place of those in the file, at once or not at all.
func replaceKeyFile(path string, keys [][]byte) error {
	next := path + ".new"
	if err := os.Remove(next); err != nil && !errors.Is(err, os.ErrNotExist) { // of a run that was interrupted
		return err
	}
	if err := writeKeyFile(next, keys); err != nil {
		return err
	}
	return os.Rename(next, path)
}

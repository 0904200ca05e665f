// Command hallpass serves short-lived session credentials, and keeps the database that they live in.
//
//	hallpass serve --dev          a development server with a fresh database and known keys
//	hallpass init --db FILE …     a new database, its data key, a tenant and a management key
//	hallpass serve --db FILE …    the production server
//
// Every flag has a twin in the environment; hallpass COMMAND --help lists both.
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"hallpass/store"
)

// cli is the command line.
type cli struct {
	Serve        serveCommand         `cmd:"" help:"Serve the API."`
	Init         initCommand          `cmd:"" help:"Make a database with a tenant and its first management key."`
	Tenant       tenantCommands       `cmd:"" help:"Tenants of a database."`
	AccessToken  accessTokenCommand   `cmd:"" help:"Print an access token for an application, for the transaction routes."`
	RotateSecret rotateSecretCommand  `cmd:"" help:"Make a new signing secret. Tokens of the present one stay good until they expire."`
	RotateKey    rotateDataKeyCommand `cmd:"" name:"rotate-data-key" help:"Make a new data key and seal everything anew, while no server runs. Run again after an interruption, it goes on."`
	Backup       backupCommand        `cmd:"" help:"Write a consistent copy of a live SQLite database to a new file. The data key is not in it."`
	Version      versionCommand       `cmd:"" help:"Print the version."`
}

// environment is what a command may touch of the world.
type environment struct {
	out, err io.Writer
	now      func() time.Time
	random   io.Reader
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], environment{os.Stdout, os.Stderr, time.Now, rand.Reader}))
}

// run carries out one command line and returns the exit code. Whatever went wrong is one line that says what to do.
func run(ctx context.Context, args []string, env environment) int {
	var c cli
	exit := -1
	parser, err := kong.New(&c,
		kong.Name("hallpass"), kong.Description("Short-lived session credentials, spoken in two published APIs."),
		kong.Writers(env.out, env.err), kong.Exit(func(code int) { exit = code }),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.Bind(env), kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Vars{"data_key_help": dataKeyHelp},
	)
	if err != nil {
		fmt.Fprintln(env.err, "hallpass:", err)
		return 1
	}
	command, err := parser.Parse(args)
	if exit >= 0 { // help was asked for and printed
		return exit
	}
	if err == nil {
		err = command.Run()
	}
	if err == nil {
		return 0
	}
	fmt.Fprintln(env.err, "hallpass:", explain(err))
	var parse *kong.ParseError
	if errors.As(err, &parse) {
		return 2
	}
	return 1
}

// explain adds to an error what can be done about it, where that is known.
func explain(err error) string {
	if errors.Is(err, store.ErrUninitialised) {
		return err.Error() + "; run: hallpass init --db FILE --tenant NAME"
	}
	return strings.Join(strings.Fields(err.Error()), " ") // one line, whatever drivers say
}

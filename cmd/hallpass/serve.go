package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"hallpass"
	"hallpass/handlers"
	"hallpass/store"
)

// serveCommand serves the API.
type serveCommand struct {
	database
	Dev            bool   `env:"HALLPASS_DEV" help:"Serve a fresh development database with known keys, on loopback."`
	DevAllowRemote bool   `env:"HALLPASS_DEV_ALLOW_REMOTE" help:"Let --dev listen on other addresses than loopback. Its keys are public knowledge."`
	Listen         string `default:"127.0.0.1:8080" env:"HALLPASS_LISTEN" placeholder:"HOST:PORT" help:"Where to listen; port 0 takes a free one (127.0.0.1:8080)."`
	TLSCert        string `name:"tls-cert" env:"HALLPASS_TLS_CERT" placeholder:"FILE" help:"Certificate chain, in PEM, for HTTPS."`
	TLSKey         string `name:"tls-key" env:"HALLPASS_TLS_KEY" placeholder:"FILE" help:"The certificate's key, in PEM."`
	MetricsListen  string `env:"HALLPASS_METRICS_LISTEN" placeholder:"HOST:PORT" help:"Where to serve Prometheus metrics, at /metrics; nowhere where absent."`
	PublicURL      string `name:"public-url" env:"HALLPASS_PUBLIC_URL" placeholder:"URL" help:"What the accessUrl of a transaction and the links of the API catalog begin with; the request's own host where absent."`

	SessionMaxTTL    time.Duration      `name:"session-max-ttl" default:"24h" env:"HALLPASS_SESSION_MAX_TTL" help:"Longest life of a session, from its creation (${default})."`
	CreationTokenTTL time.Duration      `name:"creation-token-ttl" default:"30m" env:"HALLPASS_CREATION_TOKEN_TTL" help:"Life of a session creation token (${default})."`
	AccessTokenTTL   time.Duration      `name:"access-token-ttl" default:"1h" env:"HALLPASS_ACCESS_TOKEN_TTL" help:"Life of an access token from POST /oauth2/token (${default})."`
	CORSOrigin       []string           `name:"cors-origin" env:"HALLPASS_CORS_ORIGIN" placeholder:"ORIGIN" help:"Origin that browsers may call from; may be repeated; none where absent, * with --dev."`
	RateLimit        handlers.RateLimit `env:"HALLPASS_RATE_LIMIT" placeholder:"N/WINDOW" help:"Requests per caller, such as 100/10s; unlimited where absent."`
	LogRetention     time.Duration      `default:"24h" env:"HALLPASS_LOG_RETENTION" help:"How long entries of the audit log are kept (${default})."`
	TokenizeQuota    int                `default:"5" env:"HALLPASS_TOKENIZE_QUOTA" help:"Tokens that one tokenize request makes at most (${default})."`
	DetokenizeQuota  int                `default:"5" env:"HALLPASS_DETOKENIZE_QUOTA" help:"Expressions in one detokenize request at most (${default})."`
	ReadTimeout      time.Duration      `default:"30s" env:"HALLPASS_READ_TIMEOUT" help:"How long a request may take to arrive (${default})."`
	ShutdownTimeout  time.Duration      `default:"30s" env:"HALLPASS_SHUTDOWN_TIMEOUT" help:"How long requests in flight may take after SIGTERM (${default})."`
	LogLevel         slog.Level         `default:"info" env:"HALLPASS_LOG_LEVEL" help:"debug logs every request; info, warn, error (${default})."`
	LogFormat        string             `enum:"text,json" default:"text" env:"HALLPASS_LOG_FORMAT" help:"text or json (${default})."`
	JSON             bool               `name:"json" env:"HALLPASS_JSON" help:"Print where the server listens, and the development keys, as one line of JSON."`
}

// Run serves until the context ends, then lets requests in flight finish, commits and closes.
func (c *serveCommand) Run(ctx context.Context, env environment) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	tuneMemory()
	db, seed, done, err := c.store(ctx, env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, done()) }()
	log := c.logger(env)
	registry := prometheus.NewRegistry()
	registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	server, err := handlers.New(ctx, handlers.Config{
		Contract: hallpass.Contract, Store: db, Now: env.now, Random: env.random, Log: log, Metrics: registry,
		SessionMaxTTL: c.SessionMaxTTL, CreationTokenTTL: c.CreationTokenTTL, AccessTokenTTL: c.AccessTokenTTL,
		PublicURL: c.PublicURL, CORSOrigins: c.CORSOrigin, RateLimit: c.RateLimit,
		LogRetention: c.LogRetention, TokenizeQuota: c.TokenizeQuota, DetokenizeQuota: c.DetokenizeQuota,
		DevelopmentKeys: seed.keys(),
	})
	if err != nil {
		return err
	}
	api, err := c.listen(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = api.Close() }() // the server closes it first
	var metrics net.Listener
	if c.MetricsListen != "" {
		if metrics, err = listen(ctx, c.MetricsListen, "--metrics-listen"); err != nil {
			return err
		}
		defer func() { _ = metrics.Close() }()
		log.InfoContext(ctx, "metrics", "url", "http://"+metrics.Addr().String()+"/metrics")
	}
	if err := c.announce(env, api, seed); err != nil {
		return err
	}
	return c.serve(ctx, log, server, api, metrics, registry)
}

// listen opens the listener of the API, with TLS where there is a certificate.
func (c *serveCommand) listen(ctx context.Context) (net.Listener, error) {
	if c.TLSCert == "" {
		return listen(ctx, c.Listen, "--listen")
	}
	pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("cannot use --tls-cert and --tls-key: %w", err)
	}
	listener, err := listen(ctx, c.Listen, "--listen")
	if err != nil {
		return nil, err
	}
	return tls.NewListener(listener, &tls.Config{
		Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"},
	}), nil
}

// check refuses settings that cannot work together.
func (c *serveCommand) check() error {
	switch {
	case c.Dev && c.DB != "":
		return errors.New("--dev has a database of its own; leave out --db")
	case (c.TLSCert == "") != (c.TLSKey == ""):
		return errors.New("--tls-cert and --tls-key go together")
	case c.AccessTokenTTL < time.Second || c.AccessTokenTTL > store.SupersededSecretTTL:
		return fmt.Errorf("--access-token-ttl must be from 1s to %s", store.SupersededSecretTTL)
	case c.CreationTokenTTL < time.Second || c.CreationTokenTTL > store.SupersededSecretTTL:
		return fmt.Errorf("--creation-token-ttl must be from 1s to %s", store.SupersededSecretTTL)
	case c.SessionMaxTTL < hallpass.SessionTTL:
		return fmt.Errorf("--session-max-ttl must be at least %s", hallpass.SessionTTL)
	case c.LogRetention < time.Minute || c.TokenizeQuota < 1 || c.DetokenizeQuota < 1:
		return errors.New("--log-retention must be at least 1m, --tokenize-quota and --detokenize-quota at least 1")
	case c.ReadTimeout < time.Second || c.ReadTimeout+replyTime > store.MaxRequestTime:
		return fmt.Errorf("--read-timeout must be from 1s to %s", store.MaxRequestTime-replyTime)
	case !c.validPublicURL():
		return errors.New("--public-url must be an http or https URL, such as https://hallpass.example")
	case c.Dev && !c.DevAllowRemote && !loopback(c.Listen):
		return errors.New("--dev listens on loopback only, for its keys are public knowledge; insist with --dev-allow-remote")
	}
	if c.Dev && len(c.CORSOrigin) == 0 {
		c.CORSOrigin = []string{"*"}
	}
	return nil
}

// replyTime is how long a reply may take once the request has arrived.
const replyTime = 30 * time.Second

func (c *serveCommand) validPublicURL() bool {
	u, err := url.Parse(c.PublicURL)
	return c.PublicURL == "" || err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}

// loopback reports whether an address can only be reached from this machine.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// store opens the database: the one of --db, or a fresh one with the development seed, which goes when done is called.
func (c *serveCommand) store(ctx context.Context, env environment) (db *store.DB, seed *developmentSeed, done func() error, err error) {
	if c.Dev {
		return developmentStore(ctx, env)
	}
	db, err = c.open(ctx, env)
	if err != nil {
		return nil, nil, nil, err
	}
	return db, nil, db.Close, nil
}

func (c *serveCommand) logger(env environment) *slog.Logger {
	options := &slog.HandlerOptions{Level: c.LogLevel}
	if c.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(env.err, options))
	}
	return slog.New(slog.NewTextHandler(env.err, options))
}

func listen(ctx context.Context, address, flag string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen: %w; choose another address with %s", err, flag)
	}
	return listener, nil
}

// announce prints where the server listens, and in development what to try.
func (c *serveCommand) announce(env environment, api net.Listener, seed *developmentSeed) error {
	address := "http://" + api.Addr().String()
	if c.TLSCert != "" {
		address = "https://" + api.Addr().String()
	}
	if seed == nil {
		seed = &developmentSeed{}
	}
	seed.URL = address
	switch {
	case c.JSON:
		return json.NewEncoder(env.out).Encode(seed)
	case c.Dev:
		return seed.print(env.out)
	}
	_, err := fmt.Fprintln(env.out, "listening on "+address)
	return err
}

// tuneMemory trades a little memory for fewer collections, unless the environment says otherwise: the live heap is small,
// so the default would collect every few megabytes.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(300)
	}
}

// serve runs the API, the metrics listener and the housekeeping until ctx ends or one of them fails.
func (c *serveCommand) serve(
	ctx context.Context, log *slog.Logger, server *handlers.Server, listener, metrics net.Listener, registry *prometheus.Registry,
) error {
	api := &http.Server{
		Handler: server, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: c.ReadTimeout,
		WriteTimeout: c.ReadTimeout + replyTime, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 2)
	go func() { failed <- api.Serve(listener) }()
	if metrics != nil {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{}))
		scrape := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
		defer scrape.Close()
		go func() { failed <- scrape.Serve(metrics) }()
	}
	housekeeping, stop := context.WithCancel(ctx)
	swept := make(chan struct{})
	go func() { defer close(swept); housekeep(housekeeping, log, server) }()
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
		grace, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.ShutdownTimeout)
		defer cancel()
		err = api.Shutdown(grace)
	}
	stop()
	<-swept
	return err
}

// housekeep has the server do what is due, every second.
func housekeep(ctx context.Context, log *slog.Logger, server *handlers.Server) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			if err := server.Housekeep(ctx); err != nil && ctx.Err() == nil {
				log.ErrorContext(ctx, "housekeeping", "error", err)
			}
		}
	}
}

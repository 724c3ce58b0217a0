package postgres

import (
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/aritma/entra-onboard/internal/secret"
)

// ErrAddress says that an address is not one of a PostgreSQL database. It says nothing of the address: a password may be
// anywhere in what cannot be read.
var ErrAddress = errors.New("this is no address of a PostgreSQL database, such as postgres://user:password@host:5432/database")

const (
	// connectTimeout is how long a connection may take to be made.
	connectTimeout = 5 * time.Second
	// lockTimeout is how long a statement waits for another transaction.
	lockTimeout = "10s"
	// idleTimeout is how long the server keeps a transaction whose program says nothing any more: it holds locks.
	idleTimeout = "10s"
)

// parse reads an address and settles what the address does not say.
func parse(address secret.Secret) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(address.Expose())
	if err != nil {
		return nil, ErrAddress
	}
	if config.ConnectTimeout == 0 {
		config.ConnectTimeout = connectTimeout
	}
	for name, value := range map[string]string{
		"application_name":                    "onboard",
		"lock_timeout":                        lockTimeout,
		"idle_in_transaction_session_timeout": idleTimeout,
	} {
		if config.RuntimeParams[name] == "" {
			config.RuntimeParams[name] = value
		}
	}
	// What a method acknowledged survives a crash of the server. An operator may ask for more than that, never for less.
	if config.RuntimeParams["synchronous_commit"] != "remote_apply" {
		config.RuntimeParams["synchronous_commit"] = "on"
	}
	return config, nil
}

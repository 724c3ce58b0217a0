package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	// listenAgain is how long a listener waits after its connection was lost.
	listenAgain = time.Second
	// silence is how long a listener hears nothing before it asks whether the server is still there.
	silence = time.Minute
)

// listener is a connection that waits for notifications of any replica, and is made again when it is lost.
type listener struct {
	stop  context.CancelFunc
	ended chan struct{}
}

// OnEvents has f called after every commit, of whichever replica, that made the trail of a setup longer; also when some may
// have been missed. It is called once, before Close, and f must not wait. While the connection is lost nothing is
// called: whoever wants to know for sure looks at the trail besides.
func (s *Store) OnEvents(f func()) {
	ctx, stop := context.WithCancel(context.Background())
	s.listener = &listener{stop: stop, ended: make(chan struct{})}
	go func() {
		defer close(s.listener.ended)
		for ctx.Err() == nil {
			_ = s.listen(ctx, f) // the database that is away is told by Ping
			select {
			case <-time.After(listenAgain):
			case <-ctx.Done():
			}
		}
	}()
}

func (l *listener) close() {
	l.stop()
	<-l.ended
}

// listen calls f at each notification until the connection is lost or ctx ends.
func (s *Store) listen(ctx context.Context, f func()) error {
	conn, err := pgx.ConnectConfig(ctx, s.config)
	if err != nil {
		return err
	}
	defer func() {
		closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectTimeout)
		defer cancel()
		_ = conn.Close(closing)
	}()
	if _, err := conn.Exec(ctx, `LISTEN onboard_trail`); err != nil {
		return err
	}
	for {
		f() // at the beginning, too: for what was committed before
		if err := s.hear(ctx, conn); err != nil {
			return err
		}
	}
}

// hear returns at the next notification. A connection that is silent is asked whether it is still there: one that a network
// lost says nothing for ever.
func (s *Store) hear(ctx context.Context, conn *pgx.Conn) error {
	for {
		waiting, cancel := context.WithTimeout(ctx, silence)
		_, err := conn.WaitForNotification(waiting)
		cancel()
		if err == nil || !errors.Is(err, context.DeadlineExceeded) {
			return err
		}
		asking, cancel := context.WithTimeout(ctx, connectTimeout)
		err = conn.Ping(asking)
		cancel()
		if err != nil {
			return err
		}
	}
}

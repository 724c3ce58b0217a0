package outbound

import (
	"context"
	"errors"
	"io"
	"net"
)

// neverSentError wraps the failure of a request for which no connection was had, in any of its attempts.
type neverSentError struct{ cause error }

// Error implements error.
func (e *neverSentError) Error() string { return e.cause.Error() }

// Unwrap gives the cause.
func (e *neverSentError) Unwrap() error { return e.cause }

// Timeout lets url.Error and net.Error see through.
func (e *neverSentError) Timeout() bool { return timedOut(e.cause) }

// DialFailed reports whether the request surely never reached the other side: it was refused here, or no connection
// with a completed TLS handshake was had. False means unknown, not that it did arrive.
func DialFailed(err error) bool {
	_, ok := errors.AsType[*neverSentError](err)
	return ok
}

// TimedOut reports whether err is a deadline or a timeout: of the call, of dialling, of waiting for the answer, or of
// reading its body.
func TimedOut(err error) bool { return timedOut(err) }

func timedOut(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) {
		return true
	}
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}

// ErrTooLarge says that an answer has more than MaxBody bytes.
var ErrTooLarge = errors.New("answer is larger than is read")

// limitedBody fails after left bytes, and ends the call's deadline when it is closed.
type limitedBody struct {
	body    io.ReadCloser
	left    int64
	release context.CancelFunc
}

// Read implements io.Reader.
func (b *limitedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		// Exactly at the limit the answer may also be at its end.
		n, err := b.body.Read(make([]byte, 1))
		if n > 0 {
			return 0, ErrTooLarge
		}
		return 0, err
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.body.Read(p)
	b.left -= int64(n)
	return n, err
}

// Close implements io.Closer.
func (b *limitedBody) Close() error {
	err := b.body.Close()
	b.release()
	return err
}

package api

import (
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"sync"
	"time"
)

// socketLook is the time between two looks at whether a control socket's file is still there.
const socketLook = 2 * time.Second

// A Socket is a control socket. One whose file is removed, so that no client finds it any
// more, is made anew while it is watched (design R9.33). Clients that are connected stay so.
type Socket struct {
	path string

	mu     sync.Mutex
	l      net.Listener
	info   fs.FileInfo // of its file
	closed bool
	amiss  bool // the log has that the file is not there
}

// newSocket takes over a listener at a path.
func newSocket(path string, l net.Listener) (*Socket, error) {
	s := &Socket{path: path}
	if err := s.take(l); err != nil {
		l.Close()
		return nil, err
	}
	return s, nil
}

// take makes a listener the socket's. Its file is removed by Close only, as one of another
// node may have taken its place.
func (s *Socket) take(l net.Listener) error {
	if l, ok := l.(*net.UnixListener); ok {
		l.SetUnlinkOnClose(false)
	}
	info, err := os.Lstat(s.path)
	if err != nil {
		return err
	}
	s.l, s.info = l, info
	return nil
}

func (s *Socket) listener() (l net.Listener, closed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.l, s.closed
}

// Accept waits for a client.
func (s *Socket) Accept() (net.Conn, error) {
	for {
		l, closed := s.listener()
		if closed {
			return nil, net.ErrClosed
		}
		c, err := l.Accept()
		if now, closed := s.listener(); !closed && now != l && errors.Is(err, net.ErrClosed) {
			continue // it was made anew
		}
		return c, err
	}
}

// Close ends Accept and removes the file.
func (s *Socket) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return net.ErrClosed
	}
	s.closed = true
	if s.ours() == nil {
		os.Remove(s.path)
	}
	return s.l.Close()
}

// Addr is where it listens.
func (s *Socket) Addr() net.Addr {
	l, _ := s.listener()
	return l.Addr()
}

// errAnotherFile reports that something else has taken the place of a socket's file.
var errAnotherFile = errors.New("another file is in its place")

// ours is nil if the file is the socket's own. The caller holds s.mu.
func (s *Socket) ours() error {
	info, err := os.Lstat(s.path)
	if err == nil && !os.SameFile(info, s.info) {
		err = errAnotherFile
	}
	return err
}

// look makes the socket anew if its file was removed, and has the log say so.
func (s *Socket) look(log *slog.Logger) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	err := s.ours()
	if err == nil {
		s.amiss = false
		return
	}
	if errors.Is(err, fs.ErrNotExist) {
		if err = s.remake(); err == nil {
			s.amiss = false
			log.Warn("control socket removed; it was made anew", "path", s.path)
			return
		}
	}
	if !s.amiss {
		s.amiss = true
		log.Warn("control socket removed; commands do not find the node", "path", s.path, "err", err)
	}
}

// remake listens anew. The caller holds s.mu.
func (s *Socket) remake() error {
	l, err := listenPrivate(s.path)
	if err != nil {
		return err
	}
	old := s.l
	if err := s.take(l); err != nil {
		l.Close()
		return err
	}
	old.Close()
	return nil
}

// watch looks at the socket until stop.
func (s *Socket) watch(log *slog.Logger) (stop func()) {
	ended := make(chan struct{})
	var done sync.WaitGroup
	done.Go(func() {
		t := time.NewTicker(socketLook)
		defer t.Stop()
		for {
			select {
			case <-t.C:
				s.look(log)
			case <-ended:
				return
			}
		}
	})
	return func() {
		close(ended)
		done.Wait()
	}
}

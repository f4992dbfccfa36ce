package transport

import "sync"

// maxUrgent bounds the urgent jobs that wait (design R8.28). They are few, since a flood of
// first requests makes none of them.
const maxUrgent = 8192

// workers make and check signatures, away from the read loops. Goroutines are started
// as jobs come and end when none is left, so an idle node has none. Safe for
// concurrent use.
type workers struct {
	mu            sync.Mutex
	urgent        []func() // signing, and checking what this node asked for
	unverified    []func() // first requests to check
	maxUnverified int      // that wait
	running       int      // goroutines
	maxRunning    int
	closed        bool
	done          sync.WaitGroup
}

// doUnverified queues the check of a first request, and returns whether it has: not if
// the queue is full or closed.
func (w *workers) doUnverified(job func()) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || len(w.unverified) >= w.maxUnverified {
		return false
	}
	w.unverified = append(w.unverified, job)
	w.start()
	return true
}

// doUrgent queues a job that is done before all checks of first requests, and returns
// whether it has: not if the queue is full or closed.
func (w *workers) doUrgent(job func()) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || len(w.urgent) >= maxUrgent {
		return false
	}
	w.urgent = append(w.urgent, job)
	w.start()
	return true
}

func (w *workers) start() {
	if w.running < w.maxRunning {
		w.running++
		w.done.Add(1)
		go w.run()
	}
}

func (w *workers) run() {
	defer w.done.Done()
	for {
		job := w.next()
		if job == nil {
			return
		}
		job()
	}
}

// next takes and returns a job. It returns nil if there is none: the goroutine must end.
func (w *workers) next() func() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if job := take(&w.urgent); job != nil {
		return job
	}
	if job := take(&w.unverified); job != nil {
		return job
	}
	w.running--
	return nil
}

func take(queue *[]func()) func() {
	q := *queue
	if len(q) == 0 {
		*queue = nil // an idle node keeps no queue
		return nil
	}
	job := q[0]
	q[0] = nil
	*queue = q[1:]
	return job
}

// unverifiedWaiting is the number of first requests that no goroutine has taken yet.
func (w *workers) unverifiedWaiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.unverified)
}

// close drops what waits and waits for what runs.
func (w *workers) close() {
	w.mu.Lock()
	w.closed = true
	w.urgent, w.unverified = nil, nil
	w.mu.Unlock()
	w.done.Wait()
}

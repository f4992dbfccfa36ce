package transport

import "sync"

// maxOwn bounds the jobs of the node's own first contacts that wait, and of those
// it answers: they are few, and no flood makes them.
const maxOwn = 8192

// workers do what takes signatures, away from the read loops. Goroutines are
// started as jobs come and end when none is left, so a node at rest has none.
// Safe for concurrent use.
type workers struct {
	mu        sync.Mutex
	urgent    []func() // what follows from a datagram that was asked for, or verified
	strangers []func() // first contacts to verify
	most      int      // strangers waiting
	running   int
	parallel  int
	closed    bool
	done      sync.WaitGroup
}

// do queues a stranger's job; it reports false if the queue is full or closed.
func (w *workers) do(job func()) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || len(w.strangers) >= w.most {
		return false
	}
	w.strangers = append(w.strangers, job)
	w.start()
	return true
}

// own queues a job that goes before all strangers', likewise.
func (w *workers) own(job func()) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || len(w.urgent) >= maxOwn {
		return false
	}
	w.urgent = append(w.urgent, job)
	w.start()
	return true
}

func (w *workers) start() {
	if w.running < w.parallel {
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

// next takes a job; nil ends the goroutine that asks.
func (w *workers) next() func() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if job := take(&w.urgent); job != nil {
		return job
	}
	if job := take(&w.strangers); job != nil {
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

// waiting is the number of strangers no goroutine has taken yet.
func (w *workers) waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.strangers)
}

// close drops what waits and waits for what runs.
func (w *workers) close() {
	w.mu.Lock()
	w.closed = true
	w.urgent, w.strangers = nil, nil
	w.mu.Unlock()
	w.done.Wait()
}

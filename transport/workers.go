package transport

import "sync"

// workers do what takes signatures, away from the read loops. Goroutines are
// started as jobs come and end when none is left, so a node at rest has none.
// Safe for concurrent use.
type workers struct {
	mu       sync.Mutex
	jobs     []func()
	most     int // jobs waiting
	running  int
	parallel int
	closed   bool
	done     sync.WaitGroup
}

// do queues a job; it reports false if the queue is full or closed.
func (w *workers) do(job func()) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed || len(w.jobs) >= w.most {
		return false
	}
	w.jobs = append(w.jobs, job)
	if w.running < w.parallel {
		w.running++
		w.done.Add(1)
		go w.run()
	}
	return true
}

func (w *workers) run() {
	defer w.done.Done()
	for {
		w.mu.Lock()
		if len(w.jobs) == 0 {
			w.running--
			w.jobs = nil
			w.mu.Unlock()
			return
		}
		job := w.jobs[0]
		w.jobs[0] = nil
		w.jobs = w.jobs[1:]
		w.mu.Unlock()
		job()
	}
}

// waiting is the number of jobs no goroutine has taken yet.
func (w *workers) waiting() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.jobs)
}

// close drops what waits and waits for what runs.
func (w *workers) close() {
	w.mu.Lock()
	w.closed = true
	w.jobs = nil
	w.mu.Unlock()
	w.done.Wait()
}

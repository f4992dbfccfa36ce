//go:build cgo && unix

package main

// Before any Go code runs, the runtime opens /dev/null in the place of a standard stream
// that was closed (package runtime, checkfds): what is written there is lost without an
// error. So this is looked at earlier, when C is initialized.

/*
#include <fcntl.h>

static int closed[2];

__attribute__((constructor)) static void look(void) {
	for (int i = 0; i < 2; i++)
		closed[i] = fcntl(i, F_GETFD) == -1;
}

static int isClosed(int i) { return closed[i]; }
*/
import "C"

// The standard streams that were closed when the process began.
var (
	stdinClosed  = C.isClosed(0) != 0
	stdoutClosed = C.isClosed(1) != 0
)

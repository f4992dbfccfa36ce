//go:build !unix

package main

import "io/fs"

// openTo are those of the permissions of a file that other users have. Here the mode says
// nothing about them.
func openTo(fs.FileInfo, fs.FileMode) fs.FileMode { return 0 }

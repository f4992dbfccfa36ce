//go:build !unix

package kadmium_test

import "testing"

const canFillDisks = false

func fullDisks(*testing.T) {}

func setFileLimit(bool) {}

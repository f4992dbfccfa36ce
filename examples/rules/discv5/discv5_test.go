package discv5

import (
	"testing"

	"kadmium/lookup/lookuptest"
)

func TestScripts(t *testing.T) { lookuptest.Run(t, "testdata", New) }

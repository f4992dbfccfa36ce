package strictrounds

import (
	"testing"

	"kadmium/lookup/lookuptest"
)

func TestScripts(t *testing.T) { lookuptest.Run(t, "testdata", New) }

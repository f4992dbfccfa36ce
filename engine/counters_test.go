package engine

import (
	"reflect"
	"testing"
)

// Each counter is walked once, under a name of its own. The first element of those kept
// by type or by status is no type and no refusal, and is left out.
func TestCountersAreWalked(t *testing.T) {
	var c Counters
	want := uint64(0)
	var set func(v reflect.Value)
	set = func(v reflect.Value) {
		for i := range v.NumField() {
			switch f := v.Field(i); f.Kind() {
			case reflect.Struct:
				set(f)
			case reflect.Array:
				for j := 1; j < f.Len(); j++ {
					want++
					f.Index(j).SetUint(want)
				}
			default:
				want++
				f.SetUint(want)
			}
		}
	}
	set(reflect.ValueOf(&c).Elem())
	names, values := make(map[string]bool), make(map[uint64]bool)
	c.Each(func(name string, value uint64) { names[name], values[value] = true, true })
	if n := uint64(len(names)); n != want || uint64(len(values)) != want || values[0] {
		t.Errorf("%d names and %d values of %d counters", len(names), len(values), want)
	}
}

package report

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// A FieldDifference is a field that two reports have with other values.
type FieldDifference struct {
	Name string `json:"name"` // as in a report, with dots, and with the number of an element
	A    string `json:"a"`    // in JSON, cut; empty: it is not there
	B    string `json:"b"`
}

// Differences are the fields in which two reports differ, in the order of their names. Those
// of the machine and of theory are left out: they are not measured by the simulation.
func Differences(a, b *Report) []FieldDifference {
	differ := []FieldDifference{}
	fieldsThatDiffer(repeatable(a), repeatable(b), "", &differ)
	return differ
}

// repeatable is what a report has that depends on its flags alone, as JSON has it.
func repeatable(r *Report) (all map[string]any) {
	text, err := json.Marshal(r)
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		panic(err) // a report is JSON
	}
	delete(all, "machine")
	delete(all, "theory")
	return all
}

func fieldsThatDiffer(a, b any, name string, differ *[]FieldDifference) {
	if reflect.DeepEqual(a, b) {
		return
	}
	x, isMap := a.(map[string]any)
	if y, both := b.(map[string]any); isMap && both {
		keys := maps.Clone(x)
		maps.Copy(keys, y)
		for _, key := range slices.Sorted(maps.Keys(keys)) {
			inner := key
			if name != "" {
				inner = name + "." + key
			}
			fieldsThatDiffer(x[key], y[key], inner, differ)
		}
		return
	}
	list, isList := a.([]any)
	if other, both := b.([]any); isList && both && len(list) == len(other) {
		for i := range list {
			fieldsThatDiffer(list[i], other[i], fmt.Sprintf("%s.%d", name, i), differ)
		}
		return
	}
	*differ = append(*differ, FieldDifference{name, inJSON(a), inJSON(b)})
}

// inJSON is a value as text of one line, cut.
func inJSON(v any) string {
	if v == nil {
		return ""
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // it was JSON
	}
	return printable(string(text), 40)
}

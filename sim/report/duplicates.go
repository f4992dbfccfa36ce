package report

import (
	"bytes"
	"encoding/json"
	"strings"
)

// duplicate finds a name that an object in a JSON text has twice. Of two encoding/json takes
// the last, and small letters for the same as capitals; another reader takes the first, so
// such a text would be two reports.
func duplicate(text []byte) (name string, twice bool) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var around []map[string]bool // the names in each object around; nil: an array
	isName := false              // what comes next
	for {
		token, err := d.Token()
		if err != nil { // the end: that the text is JSON is known
			return "", false
		}
		switch t := token.(type) {
		case json.Delim:
			switch t {
			case '{':
				around = append(around, make(map[string]bool))
			case '[':
				around = append(around, nil)
			default:
				around = around[:len(around)-1]
			}
		case string:
			if !isName {
				break
			}
			names, folded := around[len(around)-1], strings.ToLower(strings.ToUpper(t))
			if names[folded] {
				return t, true
			}
			names[folded] = true
			isName = false // its value is next
			continue
		}
		isName = len(around) > 0 && around[len(around)-1] != nil
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"

	"kadmium/internal/cli"
)

// joined is the JSON object with the members of a, then those of b. Neither is empty.
func joined(a, b any) ([]byte, error) {
	var first, second bytes.Buffer
	if err := cli.EncodeJSON(&first, a); err != nil {
		return nil, err
	}
	if err := cli.EncodeJSON(&second, b); err != nil {
		return nil, err
	}
	head := bytes.TrimSuffix(first.Bytes(), []byte("}\n"))
	return append(append(head, ','), second.Bytes()[1:]...), nil
}

// separated reads what joined wrote into both.
func separated(b []byte, one, other any) error {
	return errors.Join(json.Unmarshal(b, one), json.Unmarshal(b, other))
}

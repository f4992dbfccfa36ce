package main

import (
	"errors"
	"strings"

	"kadmium"
	"kadmium/api"
	"kadmium/internal/cli"
)

// noAnswer says that no bootstrap peer answered, and which were not asked, as their names
// were not resolved.
func noAnswer(bootstrap []string, err error) error {
	next := "check the address, the --network, and that a node runs there"
	if errors.Is(err, kadmium.ErrNoSocket) {
		next += "; this machine does not have both IPv4 and IPv6"
	}
	if errors.Is(err, kadmium.ErrOtherPeer) {
		next = api.OtherPeerNext
	}
	why := strings.ReplaceAll(api.PlainWords(err), kadmium.ErrNoAnswer.Error()+"; ", "")
	var asked, unresolved []string
	for _, b := range bootstrap {
		s, _ := api.ParseAddress(b)
		if host := s.Host(); host != "" && (strings.Contains(why, "lookup "+host) || strings.Contains(why, "lookup _dnsaddr."+host)) {
			unresolved = append(unresolved, b)
		} else {
			asked = append(asked, b)
		}
	}
	var message []string
	if len(asked) > 0 {
		message = append(message, "no answer from "+strings.Join(asked, ", "))
	}
	if len(unresolved) > 0 {
		message = append(message, "the name was not resolved of "+strings.Join(unresolved, ", "))
		next = "check the host's name, and the name server of this machine"
		if len(asked) > 0 {
			next += "; check the other addresses, the --network, and that a node runs there"
		}
	}
	if why != kadmium.ErrNoAnswer.Error() {
		message = append(message, why)
	}
	return cli.NotDone(next, "%s", strings.Join(message, ": "))
}

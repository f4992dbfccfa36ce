package api

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"path"
	"reflect"
	"strings"
	"time"

	"kadmium"
	"kadmium/identity"
)

// An object is one of JSON.
type object = map[string]any

// Schemas of what is text in JSON.
var (
	peerIDSchema  = object{"type": "string", "pattern": "^(12D3KooW[1-9A-HJ-NP-Za-km-z]{44})?$", "description": "the ID of a peer, which holds its public key; empty: not known"}
	addressSchema = object{"type": "string", "description": "a multiaddr like /ip4/203.0.113.7/udp/4100/p2p/12D3KooW..., whose last part is there if the peer is known"}
)

// schemas are the JSON schemas of types, by name. They are derived from the types as
// encoding/json writes them.
type schemas map[string]object

// of is the schema of a type; that of a struct stands among the schemas.
func (s schemas) of(t reflect.Type) object {
	switch t {
	case reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case reflect.TypeFor[netip.AddrPort]():
		return object{"type": "string", "description": "IP:PORT"}
	case reflect.TypeFor[identity.ID]():
		return s.named("PeerID", peerIDSchema)
	case reflect.TypeFor[identity.Address]():
		return s.named("Address", addressSchema)
	case reflect.TypeFor[json.RawMessage](): // only that of Problem.Result
		return s.of(reflect.TypeFor[kadmium.Stored]())
	}
	switch t.Kind() {
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer", "format": "int64"}
	case reflect.Uint64:
		return object{"type": "integer", "minimum": 0}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Uint8 {
			return object{"type": "string", "format": "byte"}
		}
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Struct:
		return s.structure(t)
	}
	panic(fmt.Sprintf("api: no schema for %s", t))
}

// named puts a schema among the others and refers to it.
func (s schemas) named(name string, schema object) object {
	s[name] = schema
	return object{"$ref": "#/components/schemas/" + name}
}

// structure puts the schema of a struct among the others and refers to it.
func (s schemas) structure(t reflect.Type) object {
	name := typeName(t)
	if _, ok := s[name]; ok {
		return object{"$ref": "#/components/schemas/" + name}
	}
	members, required := object{}, []string{}
	schema := object{"type": "object", "properties": members}
	ref := s.named(name, schema) // before its members, which may be of the type itself
	for _, m := range membersOf(kadmium.JSONForm(t)) {
		members[m.name] = described(s.of(m.of), memberDoc(name, &m))
		if m.always {
			required = append(required, m.name)
		}
	}
	if len(required) > 0 {
		schema["required"] = required
	}
	return ref
}

// described is a schema with a description. Nothing may stand beside a reference.
func described(schema object, description string) object {
	if schema["$ref"] != nil {
		return object{"allOf": []object{schema}, "description": description}
	}
	schema["description"] = description
	return schema
}

// typeName is a type's name, after that of its package if it is not from the two whose
// types are results.
func typeName(t reflect.Type) string {
	switch from := path.Base(t.PkgPath()); from {
	case "kadmium", "api":
		return t.Name()
	default:
		return strings.ToUpper(from[:1]) + from[1:] + t.Name()
	}
}

// A member is one of a JSON object.
type member struct {
	name   string
	of     reflect.Type
	always bool // not left out if it is empty
	shared bool // of a struct within it
}

// membersOf are the members of the JSON of a struct, those of structs within it among them.
func membersOf(t reflect.Type) (all []member) {
	for i := range t.NumField() {
		f := t.Field(i)
		tag, tagged := f.Tag.Lookup("json")
		name, options, _ := strings.Cut(tag, ",")
		switch {
		case f.Anonymous && !tagged:
			for _, m := range membersOf(f.Type) {
				m.shared = true
				all = append(all, m)
			}
		case f.IsExported():
			all = append(all, member{name: name, of: f.Type, always: !strings.Contains(options, "omit")})
		}
	}
	return all
}

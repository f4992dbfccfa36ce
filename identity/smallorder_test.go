package identity

import (
	"encoding/hex"
	"testing"
)

// Under a key of small order anybody can sign, so it is no peer's, in any encoding.
func TestKeysOfSmallOrderAreRefused(t *testing.T) {
	// A signature with R the base point and S = 1 holds for any text under the identity,
	// which has order 1: [1]B = B + [k]0.
	base, err := hex.DecodeString("5866666666666666666666666666666666666666666666666666666666666666")
	if err != nil {
		t.Fatal(err)
	}
	forged := append(base, append([]byte{1}, make([]byte, 31)...)...)
	if !Verify(ID{1}, []byte("any text"), forged) {
		t.Error("the signature that anybody can make does not hold: what is the check for?")
	}
	for _, key := range smallOrder {
		for _, sign := range []byte{0, 0x80} {
			id := ID(key)
			id[31] |= sign
			if !id.SmallOrder() {
				t.Errorf("%x passes", id)
			}
			if got, err := ParseID(id.String()); err == nil {
				t.Errorf("%v is a peer ID", got)
			}
			b := id.Bytes()
			if _, err := IDFromBytes(b[:]); err == nil {
				t.Errorf("%x is a peer ID", b)
			}
		}
	}
	for i := range byte(50) {
		if KeyFromSeed([32]byte{i}).ID().SmallOrder() {
			t.Errorf("an honest key %d is refused", i)
		}
	}
}

// A signature whose S is not reduced is refused (RFC 8032, section 5.1.7): one text has
// one signature of a signer, and nobody makes another of it.
func TestSignaturesAreReduced(t *testing.T) {
	order, err := hex.DecodeString("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010")
	if err != nil {
		t.Fatal(err)
	}
	key := KeyFromSeed([32]byte{1})
	signature := key.Sign([]byte("x"))
	carry := 0
	for i, b := range order {
		sum := int(signature[32+i]) + int(b) + carry
		signature[32+i], carry = byte(sum), sum>>8
	}
	if carry != 0 {
		t.Fatal("S + L does not fit")
	}
	if Verify(key.ID(), []byte("x"), signature[:]) {
		t.Error("S + L is accepted")
	}
}

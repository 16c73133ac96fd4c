package anchor

import (
	"encoding/binary"
	"errors"
	"math"
)

// The little protobuf that CometBFT's headers need: varints, 8-byte integers
// and length-delimited fields, written the one way in which gogoproto writes
// them (ascending fields, zero values left out, shortest varints). Readers
// accept more than that and compare what they would write with what they read.

const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
)

func appendVarint(b []byte, field int, v uint64) []byte {
	if v == 0 {
		return b
	}
	b = binary.AppendUvarint(b, uint64(field<<3|wireVarint))
	return binary.AppendUvarint(b, v)
}

func appendFixed64(b []byte, field int, v uint64) []byte {
	if v == 0 {
		return b
	}
	b = binary.AppendUvarint(b, uint64(field<<3|wireFixed64))
	return binary.LittleEndian.AppendUint64(b, v)
}

func appendBytes(b []byte, field int, v []byte) []byte {
	if len(v) == 0 {
		return b
	}
	return appendMessage(b, field, v)
}

// appendMessage writes a field even if it is empty, as embedded messages that
// cannot be absent are written.
func appendMessage(b []byte, field int, v []byte) []byte {
	b = binary.AppendUvarint(b, uint64(field<<3|wireBytes))
	b = binary.AppendUvarint(b, uint64(len(v)))
	return append(b, v...)
}

var errProtobuf = errors.New("not a protobuf message of this kind")

// eachField calls f for each field of a message, with the number of a varint or
// the bytes of a length-delimited field.
func eachField(b []byte, f func(field int, number uint64, bytes []byte) error) error {
	for len(b) > 0 {
		key, n := binary.Uvarint(b)
		if n <= 0 || key>>3 == 0 || key>>3 > math.MaxInt16 {
			return errProtobuf
		}
		b = b[n:]
		v, n := binary.Uvarint(b)
		if n <= 0 {
			return errProtobuf
		}
		b = b[n:]
		var value []byte
		switch key & 7 {
		case wireVarint:
		case wireBytes:
			if v > uint64(len(b)) {
				return errProtobuf
			}
			value, b = b[:v:v], b[v:]
			if value == nil {
				value = []byte{}
			}
		default:
			return errProtobuf
		}
		if err := f(int(key>>3), v, value); err != nil {
			return err
		}
	}
	return nil
}

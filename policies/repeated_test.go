package policies

import (
	"bytes"
	"fmt"
	"reflect"
	"strconv"
	"testing"
	"time"

	"pgregory.net/rapid"

	"coffer/anchor"
	"coffer/consent"
)

// changes calls f for each field of what v points to, with the field changed.
func changes(v reflect.Value, path string, f func(path string)) {
	was := reflect.New(v.Type()).Elem()
	was.Set(v)
	defer v.Set(was)
	switch v.Kind() {
	case reflect.String:
		v.SetString(v.String() + "x")
	case reflect.Bool:
		v.SetBool(!v.Bool())
	case reflect.Int, reflect.Int64:
		v.SetInt(v.Int() + 1)
	case reflect.Uint32, reflect.Uint8:
		v.SetUint(v.Uint() + 1)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
	case reflect.Array:
		v.Index(0).SetUint(v.Index(0).Uint() + 1)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		f(path + " (empty)")
		v.SetZero()
		f(path + " (nil)")
		v.Set(reflect.Append(was, reflect.Zero(v.Type().Elem())))
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return // the time is not in the key
		}
		for i := range v.NumField() {
			changes(v.Field(i), path+"."+v.Type().Field(i).Name, f)
		}
		return
	default:
		panic(fmt.Sprintf("%s: this test does not know how to change a %s", path, v.Type()))
	}
	f(path)
}

// Whatever of a question reaches the rules is in its key: a field that is added to a
// question, a grant or a business and posed must be added to repeats.
func TestTheKeyOfAQuestionIsWhole(t *testing.T) {
	e, err := New()
	if err != nil {
		t.Fatal(err)
	}
	for _, attribute := range []string{"", "name"} {
		q := plain(consent.ActionCollect)
		q.Attribute, q.Grant.Jurisdictions, q.Grant.Destinations = attribute, []string{"DE"}, []string{"NL"}
		key, ok := repeats(nil, q)
		if !ok {
			t.Fatal("nothing is remembered")
		}
		posed, request := e.pose(q)
		same, other := 0, 0
		changes(reflect.ValueOf(&q).Elem(), "question", func(path string) {
			again, ok := repeats(nil, q)
			if !ok || !bytes.Equal(key, again) {
				other++
				return
			}
			same++
			p, r := e.pose(q)
			if !reflect.DeepEqual(p, posed) || !reflect.DeepEqual(r, request) {
				t.Errorf("%s reaches the rules and is not in the key", path)
			}
		})
		if same < 10 || other < 15 {
			t.Errorf("%d fields leave the key as it is, %d change it: are all of them changed?", same, other)
		}
	}
}

// What is remembered is what would be decided.
func TestRepeatedQuestions(t *testing.T) {
	e, err := New()
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		q := anyQuestion(t)
		for range 3 {
			q.Now = q.Now.Add(time.Duration(rapid.SampledFrom([]int64{0, 1, 999_999_999, 3_600_000_000_000}).Draw(t, "later")))
			got, want := e.Decide(q), e.decide(e.pose(q))
			if want.Again = got.Again; !reflect.DeepEqual(got, want) {
				t.Fatalf("remembered %+v, decided %+v", got, want)
			}
		}
	})
}

func TestRulingsAreForgotten(t *testing.T) {
	var r repeated
	for i := range mostRulings + 10 {
		r.put(7, []byte(strconv.Itoa(i)), consent.Ruling{Allow: true})
	}
	if len(r.known) > mostRulings {
		t.Errorf("%d rulings are remembered", len(r.known))
	}
	if _, ok := r.get(8, []byte("0")); ok {
		t.Error("a ruling of another second is taken")
	}
	r.put(8, []byte("1"), consent.Ruling{})
	if _, ok := r.get(7, []byte("0")); ok || len(r.known) != 1 {
		t.Error("rulings of seconds that are over are kept")
	}
}

// The end of a grant is an end also for who asked in the same hour before it.
func TestAnEndIsSeenInTime(t *testing.T) {
	e, err := New()
	if err != nil {
		t.Fatal(err)
	}
	q := plain(consent.ActionCollect)
	q.Grant.End = anchor.EpochAt(q.Now) + 1
	for q.Now = q.Grant.End.Time().Add(-2 * time.Second); q.Now.Before(q.Grant.End.Time().Add(2 * time.Second)); q.Now = q.Now.Add(250 * time.Millisecond) {
		if got, want := e.Decide(q).Allow, q.Now.Before(q.Grant.End.Time()); got != want {
			t.Errorf("%v before the end: %v", q.Grant.End.Time().Sub(q.Now), got)
		}
	}
}

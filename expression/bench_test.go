package expression

import "testing"

func BenchmarkCardMask(b *testing.B) {
	e := engine()
	mask := decode(b, defaultMask)
	variables := map[string]any{"data": decode(b, card)}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.EvaluateTree(mask, variables); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSubstitute(b *testing.B) {
	e := engine()
	tree := decode(b, `{"number":"{{ `+tokenID+` | json: '$.number' }}"}`)
	data := decode(b, card)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := e.Substitute(tree, func(Reference) (any, error) { return data, nil }); err != nil {
			b.Fatal(err)
		}
	}
}

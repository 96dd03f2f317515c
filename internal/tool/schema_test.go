package tool

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type sampleInput struct {
	Query string   `json:"query" jsonschema:"What to look for." maxLen:"20"`
	Max   int      `json:"max,omitempty" jsonschema:"Most rows." default:"10" min:"1" max:"50"`
	Form  string   `json:"form,omitempty" jsonschema:"Form." enum:"text,html" default:"text"`
	IDs   []string `json:"ids,omitempty" jsonschema:"Ids." maxItems:"3"`
	Deep  bool     `json:"deep,omitempty" jsonschema:"Deep."`
	Paging
}

func TestSchemaIsDerivedFromTheInput(t *testing.T) {
	var got, want any
	if err := json.Unmarshal(schemaOf[sampleInput]("sample", true, false).json, &got); err != nil {
		t.Fatal(err)
	}
	golden := `{"type":"object","required":["query"],"additionalProperties":{"not":{}},"properties":{
		"query":{"type":"string","description":"What to look for.","maxLength":20},
		"max":{"type":"integer","description":"Most rows.","default":10,"minimum":1,"maximum":50},
		"form":{"type":"string","description":"Form.","enum":["text","html"],"default":"text"},
		"ids":{"type":"array","description":"Ids.","maxItems":3,"items":{"type":"string"}},
		"deep":{"type":"boolean","description":"Deep."},
		"max_chars":{"type":"integer","description":"Most characters to return.","default":12000,"minimum":200,"maximum":30000},
		"cursor":{"type":"string","description":"From an earlier answer, to continue it."},
		"profile":{"type":"string","description":"Profile (name or email) to act as; omit for this client's default."}}}`
	golden = strings.Replace(golden, `{"not":{}}`, `false`, 1)
	if err := json.Unmarshal([]byte(golden), &want); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
}

func TestBadArgumentsAreNamed(t *testing.T) {
	s := schemaOf[sampleInput]("sample", true, false)
	tests := []struct{ args, says string }{
		{`{}`, `"query" is missing`},
		{`{"query":null}`, `"query" is missing`},
		{`{"query":7}`, `"query" must be a string, not 7`},
		{`{"query":"x","max":"10"}`, `"max" must be an integer, not "10"`},
		{`{"query":"x","max":1.5}`, `"max" must be an integer`},
		{`{"query":"x","max":51}`, `"max" is 51, it must be from 1 to 50`},
		{`{"query":"x","form":"pdf"}`, `"form" is "pdf", it must be one of ["text","html"]`},
		{`{"query":"x","ids":"a"}`, `"ids" must be an array`},
		{`{"query":"x","ids":["a",1]}`, `"ids", item 2 must be a string`},
		{`{"query":"x","ids":["a","b","c","d"]}`, `has 4 items, the most is 3`},
		{`{"query":"x","deep":"yes"}`, `"deep" must be a boolean`},
		{`{"query":"x","qurey":"y"}`, `unknown argument "qurey": this tool takes query, max`},
		{`{"query":"123456789012345678901"}`, `"query" has 21 characters, the most is 20`},
		{`{"query":"x","profile":["a"]}`, `"profile" must be a string`},
	}
	for _, tt := range tests {
		args, err := arguments([]byte(tt.args))
		if err == nil {
			err = s.check(args)
		}
		if err == nil || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: got %v, want %q", tt.args, err, tt.says)
		}
	}
	for _, raw := range []string{`[]`, `"x"`, `7`, `{`} {
		if _, err := arguments([]byte(raw)); err == nil {
			t.Errorf("arguments %s were taken", raw)
		}
	}
	if args, err := arguments([]byte(`{"query":"x","max":null}`)); err != nil || s.check(args) != nil {
		t.Errorf("a null argument is not an absent one")
	}
}

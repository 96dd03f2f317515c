// Package discovery judges calls and answers by Google's own discovery documents, which ship in the module
// google.golang.org/api: paths, parameters, scopes, fields masks and bodies. It checks form, not meaning. It is for
// tests: the documents are read from the module cache.
package discovery

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"

	"postern/internal/fakegoogle/template"
)

// Document is a discovery document, as far as it is judged by.
// See https://developers.google.com/discovery/v1/reference/apis.
type Document struct {
	ID          string               `json:"id"` // "gmail:v1"
	ServicePath string               `json:"servicePath"`
	Parameters  map[string]Parameter `json:"parameters"`
	Schemas     map[string]*Schema   `json:"schemas"`
	Resources   map[string]Resource  `json:"resources"`
	Methods     map[string]*Method   `json:"methods"`

	byID  map[string]*Method
	table template.Table[*Method]
}

// Resource is a group of methods.
type Resource struct {
	Methods   map[string]*Method  `json:"methods"`
	Resources map[string]Resource `json:"resources"`
}

// Method is one method of an API.
type Method struct {
	ID          string               `json:"id"`
	Path        string               `json:"path"`
	FlatPath    string               `json:"flatPath"`
	HTTPMethod  string               `json:"httpMethod"`
	Parameters  map[string]Parameter `json:"parameters"`
	Request     *Ref                 `json:"request"`
	Response    *Ref                 `json:"response"`
	Scopes      []string             `json:"scopes"`
	MediaUpload *struct {
		Protocols map[string]struct {
			Path string `json:"path"`
		} `json:"protocols"`
	} `json:"mediaUpload"`
}

// Ref names a schema.
type Ref struct {
	Ref string `json:"$ref"`
}

// Parameter is a parameter of a path or query.
type Parameter struct {
	Type     string   `json:"type"`
	Format   string   `json:"format"`
	Location string   `json:"location"`
	Required bool     `json:"required"`
	Repeated bool     `json:"repeated"`
	Enum     []string `json:"enum"`
	Pattern  string   `json:"pattern"`
}

// Schema describes a JSON value.
type Schema struct {
	Ref                  string             `json:"$ref"`
	Type                 string             `json:"type"`
	Format               string             `json:"format"`
	Enum                 []string           `json:"enum"`
	ReadOnly             bool               `json:"readOnly"`
	Properties           map[string]*Schema `json:"properties"`
	Items                *Schema            `json:"items"`
	AdditionalProperties *Schema            `json:"additionalProperties"`
	Annotations          struct {
		Required []string `json:"required"`
	} `json:"annotations"`
}

// folder returns where google.golang.org/api lies.
var folder = sync.OnceValues(func() (string, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "google.golang.org/api").Output()
	if err != nil {
		return "", fmt.Errorf("finding google.golang.org/api: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
})

// Load reads the document of an API by its id, such as "gmail:v1".
func Load(id string) (*Document, error) {
	dir, err := folder()
	if err != nil {
		return nil, err
	}
	name, version, ok := strings.Cut(id, ":")
	if !ok {
		return nil, fmt.Errorf("malformed API id %q", id)
	}
	b, err := os.ReadFile(filepath.Join(dir, name, version, name+"-api.json"))
	if err != nil {
		return nil, fmt.Errorf("reading the discovery document of %s: %w", id, err)
	}
	return parse(b)
}

func parse(b []byte) (*Document, error) {
	d := &Document{byID: map[string]*Method{}}
	if err := json.Unmarshal(b, d); err != nil {
		return nil, fmt.Errorf("reading a discovery document: %w", err)
	}
	if err := d.index(d.Methods, d.Resources); err != nil {
		return nil, fmt.Errorf("reading the discovery document of %s: %w", d.ID, err)
	}
	return d, nil
}

func (d *Document) index(methods map[string]*Method, resources map[string]Resource) error {
	for _, m := range methods {
		d.byID[m.ID] = m
		paths := []string{d.ServicePath + m.Path}
		if m.MediaUpload != nil {
			for _, p := range m.MediaUpload.Protocols {
				paths = append(paths, strings.TrimPrefix(p.Path, "/"))
			}
		}
		for _, p := range paths {
			if err := d.table.Add(m.HTTPMethod, p, m); err != nil {
				return err
			}
		}
	}
	for _, r := range resources {
		if err := d.index(r.Methods, r.Resources); err != nil {
			return err
		}
	}
	return nil
}

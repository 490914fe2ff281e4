package respond

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"

	"github.com/forthright-http/forthright/internal/jsonx"
	"github.com/forthright-http/forthright/problem"
)

// patcher is a Patcher of any type.
type patcher struct {
	body      *decoder // reads the patch
	result    contentDecoder
	rules     *rules
	split     Split
	maxResult int
	maxOps    int
}

// patchContent is the content of a request that is a patch: any JSON.
type patchContent struct {
	contentDecoder
	format PatchFormat
}

const (
	defaultMaxResult     = 1 << 20
	defaultMaxOperations = 500
)

func newPatcher(t reflect.Type, o PatchOptions) (*patcher, error) {
	if o.MaxResultBytes < 0 || o.MaxOperations < 0 {
		return nil, fmt.Errorf("respond: a limit of a patch is below 0")
	}
	p := &patcher{split: o.Split, maxResult: o.MaxResultBytes, maxOps: o.MaxOperations}
	if p.maxResult == 0 {
		p.maxResult = defaultMaxResult
	}
	if p.maxOps == 0 {
		p.maxOps = defaultMaxOperations
	}
	if len(o.Formats) == 0 {
		o.Formats = []PatchFormat{MergePatch}
	}
	var err error
	if p.body, err = newDecoder(reflect.TypeFor[json.RawMessage](), DecodeOptions{MaxBytes: o.MaxBytes}); err != nil {
		return nil, err
	}
	anyJSON := p.body.formats[0].content
	p.body.formats, p.body.types = nil, nil
	seen := make(map[PatchFormat]bool)
	for _, f := range o.Formats {
		if f < 0 || int(f) >= len(patchTypes) || seen[f] {
			return nil, fmt.Errorf("respond: the format of a patch is unknown or named twice")
		}
		seen[f] = true
		p.body.formats = append(p.body.formats, format{patchTypes[f], patchContent{anyJSON, f}})
		p.body.types = append(p.body.types, patchTypes[f])
	}
	decode := &DecodeOptions{AllowUnknown: o.AllowUnknown, Null: o.Null, Validator: o.Validator, Details: o.Details}
	if p.result, err = newJSONContent(t, decode); err != nil {
		return nil, fmt.Errorf("respond: patching %v: %w", t, err)
	}
	if p.rules, err = newRules(t, decode); err != nil {
		return nil, fmt.Errorf("respond: the rules of %v: %w", t, err)
	}
	return p, nil
}

// apply puts current, as the patch in r changes it, into v, a pointer to a
// fresh value.
func (p *patcher) apply(r *http.Request, current, v any, pre []Precondition) error {
	content, buf, err := p.body.take(r, pre)
	if err != nil {
		return err
	}
	defer buf.free()
	var raw json.RawMessage
	faults, err := content.decode(buf.b, &raw)
	if err != nil {
		return err
	}
	if len(faults) > 0 {
		return p.body.problem(r, buf.b, content, faults, nil, nil)
	}
	document, err := json.Marshal(current)
	if err != nil {
		return fmt.Errorf("respond: encoding what is to be patched: %w", err)
	}
	target, patch := parseTree(document), parseTree(buf.b)
	if content.(patchContent).format == MergePatch {
		target = mergePatch(target, patch)
	} else if target, err = p.operate(r, target, patch); err != nil {
		return p.tooMuch(r, err)
	}
	result, err := target.appendTo(nil, p.maxResult, 0)
	if err != nil {
		return p.tooMuch(r, err)
	}
	return p.decode(r, result, v)
}

// operate applies a JSON Patch. The first operation that fails ends it (RFC
// 6902 §5).
func (p *patcher) operate(r *http.Request, document, patch *tree) (*tree, error) {
	ops, faults := parsePatch(patch, p.maxOps)
	if len(faults) > 0 {
		return nil, p.body.problem(r, nil, nil, faults, nil, nil)
	}
	target := patchTarget{document, p.maxResult}
	for i := range ops {
		code, member, err := target.apply(&ops[i])
		if err != nil {
			return nil, err
		}
		if code == "" {
			continue
		}
		item := problem.Item{Code: code, Detail: "is not so: the resource has another value.", Pointer: problem.Pointer(i)}
		if code == notFound {
			item.Detail = "leads to what is not there."
			item.Pointer = problem.Pointer(i, member)
		}
		return nil, problem.PatchConflict.New("").WithErrors(item)
	}
	return target.root, nil
}

// tooMuch makes an answer of a document that grew beyond a limit.
func (p *patcher) tooMuch(r *http.Request, err error) error {
	f := newFault("too_large", "", "", 0, err)
	switch err {
	case errTreeLarge:
		f.item.Detail = "would be too large."
		f.item.Params = map[string]any{"limit": p.maxResult}
	case errTreeDeep:
		f = newFault(jsonx.TooDeep, "", "", 0, err)
	default: // an answer already
		return err
	}
	return p.invalid(r, nil, []fault{f}, nil, nil)
}

// decode reads the result of a patch into v, and checks its rules.
func (p *patcher) decode(r *http.Request, result []byte, v any) error {
	faults, err := p.result.decode(result, v)
	if err != nil {
		return err
	}
	broken, cause, err := p.rules.check(v, p.result, faults)
	if err != nil {
		return err
	}
	if len(faults) == 0 && len(broken) == 0 && cause == nil {
		return nil
	}
	return p.invalid(r, result, faults, broken, cause)
}

// invalid makes the answer to a patch whose result is wrong: a 422, whatever
// it would be in the content of a POST.
func (p *patcher) invalid(r *http.Request, result []byte, faults, broken []fault, cause error) error {
	d := decoder{split: func(code string, _ int) int {
		if p.split != nil {
			return p.split(code, http.StatusUnprocessableEntity)
		}
		return http.StatusUnprocessableEntity
	}}
	err := d.problem(r, result, p.result, faults, broken, cause)
	if answer, ok := err.(*problem.Problem); ok && answer.Status() == http.StatusUnprocessableEntity {
		return problem.InvalidResult.Of(answer)
	}
	return err
}

package gmail

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"golang.org/x/sync/errgroup"
	"google.golang.org/api/googleapi"
)

const (
	// batchURL is Gmail's batch endpoint, https://developers.google.com/gmail/api/guides/batch.
	batchURL = "https://gmail.googleapis.com/batch/gmail/v1"
	// batchSize is how many calls go in one batch. Google takes 100, and answers some of many with 429.
	batchSize = 25
	// batchTries is how often the calls of a batch are made that Google puts off.
	batchTries = 4
)

// batchGet gets many paths in as few round trips as possible and decodes each answer into into(i). An answer that is an
// error goes to failed(i) and stops nothing; what Google puts off is tried again.
func batchGet(ctx context.Context, svc *service, paths []string, into func(i int) any, failed func(i int, err error)) error {
	errs := make([]error, len(paths))
	var g errgroup.Group
	for from := 0; from < len(paths); from += batchSize {
		indexes := make([]int, 0, batchSize)
		for i := from; i < min(from+batchSize, len(paths)); i++ {
			indexes = append(indexes, i)
		}
		g.Go(func() error { return batchOf(ctx, svc, paths, indexes, into, errs) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, err := range errs {
		if err != nil {
			failed(i, err)
		}
	}
	return nil
}

// batchOf makes one batch, and again those of its calls that were put off.
func batchOf(ctx context.Context, svc *service, paths []string, indexes []int, into func(i int) any, errs []error) error {
	wait := backoff.NewExponentialBackOff()
	for try := 1; ; try++ {
		answers, err := postBatch(ctx, svc, paths, indexes)
		if err != nil {
			return err
		}
		var again []int
		for _, i := range indexes {
			a, ok := answers[i]
			switch {
			case !ok:
				errs[i] = errors.New("the batch has no answer for it")
			case a.status/100 == 2:
				errs[i] = json.Unmarshal(a.body, into(i))
			default:
				errs[i] = a.failure()
				if putOff(a.status, errs[i]) {
					again = append(again, i)
				}
			}
		}
		if len(again) == 0 || try == batchTries {
			return nil
		}
		indexes = again
		timer := time.NewTimer(wait.NextBackOff())
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// putOff reports whether a call may succeed later.
func putOff(status int, err error) bool {
	var ge *googleapi.Error
	if status == http.StatusForbidden && errors.As(err, &ge) && len(ge.Errors) > 0 {
		return strings.HasSuffix(ge.Errors[0].Reason, "ateLimitExceeded")
	}
	return status == http.StatusTooManyRequests || status >= 500
}

// answer is one answer of a batch.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func (a answer) failure() error {
	return googleapi.CheckResponse(&http.Response{StatusCode: a.status, Header: a.header, Body: io.NopCloser(bytes.NewReader(a.body))})
}

func postBatch(ctx context.Context, svc *service, paths []string, indexes []int) (map[int]answer, error) {
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	for _, i := range indexes {
		part, err := w.CreatePart(textproto.MIMEHeader{"Content-Type": {"application/http"}, "Content-ID": {"<" + strconv.Itoa(i) + ">"}})
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(part, "GET %s HTTP/1.1\r\n\r\n", paths[i])
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, batchURL, &body)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "multipart/mixed; boundary="+w.Boundary())
	// Empty, it is not sent, but tells transports that repeating the request is harmless: see http.Transport.
	req.Header["Idempotency-Key"] = []string{}
	resp, err := svc.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if err := googleapi.CheckResponse(resp); err != nil {
		return nil, err
	}
	return readBatch(resp)
}

func readBatch(resp *http.Response) (map[int]answer, error) {
	_, params, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil {
		return nil, fmt.Errorf("reading the batch's answer: %w", err)
	}
	answers := map[int]answer{}
	r := multipart.NewReader(resp.Body, params["boundary"])
	for {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return answers, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading the batch's answer: %w", err)
		}
		id := strings.TrimSuffix(strings.TrimPrefix(part.Header.Get("Content-ID"), "<response-"), ">")
		i, err := strconv.Atoi(id)
		if err != nil {
			continue
		}
		one, err := http.ReadResponse(bufio.NewReader(part), nil)
		if err != nil {
			return nil, fmt.Errorf("reading answer %d of the batch: %w", i, err)
		}
		b, err := io.ReadAll(one.Body)
		if err != nil {
			return nil, fmt.Errorf("reading answer %d of the batch: %w", i, err)
		}
		answers[i] = answer{one.StatusCode, one.Header, b}
	}
}

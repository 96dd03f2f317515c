package exchange

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"
)

// Folder is the exchange folder. Its methods may be called from several goroutines and processes.
type Folder struct {
	Dir   string // absolute; made for the user alone if it is missing
	Index Index
	Now   func() time.Time // time.Now
}

// Put writes what r holds into the folder as name, which is made safe and unique, for the client with that key. A
// mimeType that says nothing is guessed. A file that could not be written whole is removed.
func (f *Folder) Put(ctx context.Context, client, name, mimeType string, r io.Reader) (File, error) {
	root, err := f.root()
	if err != nil {
		return File{}, err
	}
	defer root.Close()
	out, base, err := create(root, SafeName(name))
	if err != nil {
		return File{}, fmt.Errorf("writing to the exchange folder: %w", err)
	}
	file, err := f.fill(ctx, out, base, mimeType, r)
	if err == nil {
		file.Client = client
		err = f.Index.AddFile(ctx, file)
	}
	if err != nil {
		return File{}, errors.Join(fmt.Errorf("writing %q to the exchange folder: %w", base, err), root.Remove(base))
	}
	return file, nil
}

func (f *Folder) fill(ctx context.Context, out *os.File, base, mimeType string, r io.Reader) (File, error) {
	sum := sha256.New()
	head := &prefix{}
	n, err := io.Copy(io.MultiWriter(out, sum, head), io.LimitReader(&bounded{ctx, r}, MaxFile+1))
	if err == nil && n > MaxFile {
		err = fmt.Errorf("it is over the %d MB that a file may have", MaxFile>>20)
	}
	if err := errors.Join(err, out.Close()); err != nil {
		return File{}, err
	}
	// What a mail says of its attachment may be nothing, too little or no media type at all.
	if kind, _, err := mime.ParseMediaType(mimeType); err != nil || kind == "application/octet-stream" {
		mimeType = guess(base, head.bytes)
	}
	file := File{Handle: HandlePrefix + strings.ToLower(rand.Text()), Name: base, Path: filepath.Join(f.Dir, base), MIME: mimeType, Size: n, CreatedAt: f.now()}
	sum.Sum(file.SHA256[:0])
	return file, nil
}

// Open opens a file by its handle, if it belongs to the client or to the owner, or, for a local client, by its path,
// absolute or relative to the folder. What leads out of the folder, and what is no regular file, is refused.
func (f *Folder) Open(ctx context.Context, client string, local bool, ref string) (File, io.ReadCloser, error) {
	if strings.HasPrefix(ref, HandlePrefix) {
		return f.openHandle(ctx, client, ref)
	}
	if strings.Contains(ref, "://") {
		return File{}, nil, fmt.Errorf("%q is no file handle: those begin with %s", clip(ref), HandlePrefix)
	}
	if !local {
		return File{}, nil, fmt.Errorf("%q is a path: a client on another computer names files by handle (%s…)", clip(ref), HandlePrefix)
	}
	rel, err := f.inside(ref)
	if err != nil {
		return File{}, nil, err
	}
	return f.open(rel)
}

func (f *Folder) openHandle(ctx context.Context, client, handle string) (File, io.ReadCloser, error) {
	known, err := f.Index.File(ctx, handle)
	if errors.Is(err, ErrNotFound) || err == nil && known.Client != "" && known.Client != client {
		return File{}, nil, fmt.Errorf("%q: %w; handles come from the tools that save files, and are good for the client that got them", clip(handle), ErrNotFound)
	}
	if err != nil {
		return File{}, nil, fmt.Errorf("looking up the file %q: %w", clip(handle), err)
	}
	rel, err := f.inside(known.Path)
	if err != nil { // the owner has chosen another folder since
		return File{}, nil, fmt.Errorf("the file %q (%s) is not in the present exchange folder", known.Name, clip(handle))
	}
	now, r, err := f.open(rel)
	if errors.Is(err, fs.ErrNotExist) {
		return File{}, nil, fmt.Errorf("the file %q (%s) is no longer in the exchange folder", known.Name, clip(handle))
	}
	if err != nil {
		return File{}, nil, err
	}
	now.Handle, now.MIME, now.Client, now.CreatedAt = known.Handle, known.MIME, known.Client, known.CreatedAt
	return now, r, nil
}

// inside returns the path below the folder that ref means.
func (f *Folder) inside(ref string) (string, error) {
	outside := fmt.Errorf("%q is not inside the exchange folder %s: put the file there, or pass its handle", clip(ref), f.Dir)
	if ref == "" || strings.ContainsRune(ref, 0) {
		return "", outside
	}
	if !filepath.IsAbs(ref) {
		if !filepath.IsLocal(ref) || filepath.Clean(ref) == "." {
			return "", outside
		}
		return ref, nil
	}
	dirs := []string{f.Dir}
	if real, err := filepath.EvalSymlinks(f.Dir); err == nil { // the folder itself may be reached by a link
		dirs = append(dirs, real)
	}
	for _, dir := range dirs {
		if rel, err := filepath.Rel(dir, ref); err == nil && filepath.IsLocal(rel) && rel != "." {
			return rel, nil
		}
	}
	return "", outside
}

// open opens a path below the folder and reads it once for its sum. os.Root follows no symlink out of the folder.
func (f *Folder) open(rel string) (File, io.ReadCloser, error) {
	root, err := f.root()
	if err != nil {
		return File{}, nil, err
	}
	defer root.Close()
	info, err := root.Stat(rel)
	if err != nil {
		return File{}, nil, refused(rel, f.Dir, err)
	}
	// Before opening, which may do something to what is no file; see readOnly for what takes its place in between.
	if !info.Mode().IsRegular() {
		return File{}, nil, fmt.Errorf("%q is no regular file", clip(rel))
	}
	in, err := root.OpenFile(rel, readOnly, 0)
	if err != nil {
		return File{}, nil, refused(rel, f.Dir, err)
	}
	file, err := describe(in, filepath.Join(f.Dir, rel))
	if err != nil {
		in.Close()
		return File{}, nil, fmt.Errorf("reading %q in the exchange folder: %w", clip(rel), err)
	}
	return file, in, nil
}

func describe(in *os.File, full string) (File, error) {
	info, err := in.Stat()
	if err != nil {
		return File{}, err
	}
	if !info.Mode().IsRegular() {
		return File{}, errors.New("it is no regular file")
	}
	if info.Size() > MaxFile {
		return File{}, fmt.Errorf("it has %d MB, the most is %d", info.Size()>>20, MaxFile>>20)
	}
	sum, head := sha256.New(), &prefix{}
	n, err := io.Copy(io.MultiWriter(sum, head), io.LimitReader(in, MaxFile+1))
	if err != nil {
		return File{}, err
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		return File{}, err
	}
	base := filepath.Base(full)
	file := File{Name: base, Path: full, MIME: guess(base, head.bytes), Size: n, CreatedAt: info.ModTime()}
	sum.Sum(file.SHA256[:0])
	return file, nil
}

func refused(rel, dir string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%q is not in the exchange folder %s: %w", clip(rel), dir, fs.ErrNotExist)
	}
	// os.Root gives an unexported error for what leaves it.
	if strings.Contains(err.Error(), "escapes") {
		return fmt.Errorf("%q leads out of the exchange folder %s", clip(rel), dir)
	}
	return fmt.Errorf("opening %q in the exchange folder: %w", clip(rel), err)
}

func (f *Folder) root() (*os.Root, error) {
	if err := os.MkdirAll(f.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("making the exchange folder: %w", err)
	}
	root, err := os.OpenRoot(f.Dir)
	if err != nil {
		return nil, fmt.Errorf("opening the exchange folder: %w", err)
	}
	return root, nil
}

func (f *Folder) now() time.Time {
	if f.Now == nil {
		return time.Now()
	}
	return f.Now()
}

// create makes a new file of that name, or of one like it if there is one already.
func create(root *os.Root, name string) (*os.File, string, error) {
	ext := path.Ext(name)
	stem := strings.TrimSuffix(name, ext)
	try := name
	for i := 2; ; i++ {
		out, err := root.OpenFile(try, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		if !errors.Is(err, fs.ErrExist) || i > 10_000 {
			return out, try, err
		}
		try = fmt.Sprintf("%s (%d)%s", stem, i, ext)
	}
}

// guess returns the media type that the name promises, else what the first bytes look like.
func guess(name string, head []byte) string {
	if t := mime.TypeByExtension(strings.ToLower(path.Ext(name))); t != "" {
		return t
	}
	return http.DetectContentType(head)
}

// prefix keeps the first bytes of what is written to it.
type prefix struct{ bytes []byte }

func (p *prefix) Write(b []byte) (int, error) {
	if room := 512 - len(p.bytes); room > 0 {
		p.bytes = append(p.bytes, b[:min(room, len(b))]...)
	}
	return len(b), nil
}

// bounded ends with the context.
type bounded struct {
	ctx context.Context
	r   io.Reader
}

func (b *bounded) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	return b.r.Read(p)
}

func clip(s string) string {
	if r := []rune(s); len(r) > 200 {
		return string(r[:200]) + "…"
	}
	return s
}

import { C_LIBRARY, lastError } from './c-library.js';
import { kernelError } from './folder-reader.js';

const seek = C_LIBRARY.func('int64_t lseek64(int fd, int64_t offset, int whence)') as (fd: number, offset: number, whence: number) => number | bigint;
/** Source: unistd.h. */
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
/** No more data from there on. Source: lseek(2). */
const NO_MORE = 'ENXIO';

function nextAt(fd: number, offset: number, whence: number): number | null {
  const found = Number(seek(fd, offset, whence));
  if (found >= 0) return found;
  const error = kernelError('the data of a file could not be found', lastError());
  if ((error as NodeJS.ErrnoException).code === NO_MORE) return null;
  throw error;
}

/** Parts of an open file that hold data, holes left out, in order. Units: bytes. Errors: throws with the kernel's name of the error as `code`. */
export function* dataSpans(fd: number, size: number): Generator<{ readonly from: number; readonly to: number }> {
  for (let at = 0; at < size; ) {
    const from = nextAt(fd, at, SEEK_DATA);
    if (from === null || from >= size) return;
    const to = Math.min(nextAt(fd, from, SEEK_HOLE) ?? size, size);
    yield { from, to };
    at = to;
  }
}

import { Skeleton } from '@mantine/core';

/** Stands for rows that are on their way, in the height that they will have. */
export function WaitingRows({ rows = 6, height = 34 }: { readonly rows?: number; readonly height?: number }) {
  return (
    <div role="status" aria-label="Loading" style={{ display: 'grid', gap: 8, padding: 14 }}>
      {Array.from({ length: rows }, (_, index) => <Skeleton key={index} height={height - 8} radius={4} />)}
    </div>
  );
}

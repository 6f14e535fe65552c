import { Button } from '@mantine/core';

interface Pages {
  readonly hasNextPage: boolean;
  readonly isFetchingNextPage: boolean;
  readonly fetchNextPage: () => unknown;
}

/** Goes on to older rows. */
export function More({ pages, what }: { readonly pages: Pages; readonly what: string }) {
  if (!pages.hasNextPage) return null;
  return (
    <div style={{ padding: 12, textAlign: 'center' }}>
      <Button variant="default" loading={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>Show older {what}</Button>
    </div>
  );
}

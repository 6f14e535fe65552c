import { Kbd, Modal } from '@mantine/core';
import { PLACES } from './places.js';

const OTHERS = [['/', 'Go to the filter of this page'], ['?', 'Show these keys'], ['Esc', 'Close a dialog']] as const;

export function KeyHelp({ opened, close }: { readonly opened: boolean; readonly close: () => void }) {
  return (
    <Modal opened={opened} onClose={close} title="Keys" closeButtonProps={{ 'aria-label': 'Close' }}>
      <table style={{ width: '100%', borderSpacing: '0 6px' }}>
        <tbody>
          {PLACES.map(({ key, word }) => (
            <tr key={key}><td style={{ width: 90 }}><Kbd>g</Kbd> <Kbd>{key}</Kbd></td><td>{word}</td></tr>
          ))}
          {OTHERS.map(([key, word]) => (
            <tr key={key}><td><Kbd>{key}</Kbd></td><td>{word}</td></tr>
          ))}
        </tbody>
      </table>
    </Modal>
  );
}

/** Hands the shopper a file. */
export function download(text: string, name: string, type: string): void {
  hand(new Blob([text], { type }), name);
}

/** Likewise, whatever it is: the browser is told nothing that would let it open it. */
export function downloadBytes(bytes: Uint8Array<ArrayBuffer>, name: string): void {
  hand(new Blob([bytes], { type: 'application/octet-stream' }), name);
}

/** Likewise, a file that is made already. */
export function hand(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  URL.revokeObjectURL(url);
}

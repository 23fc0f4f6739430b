import { connect } from 'node:net';
import { text } from 'node:stream/consumers';

/** Sends bytes as they are to a server, and gives all it says until it ends the connection. */
export async function rawRequest(url: string, bytes: string): Promise<string> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname, () => socket.write(bytes));
  return text(socket);
}

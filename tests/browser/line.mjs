// A line between a browser and an edge that can be cut, and held: bytes that the edge sends then stay
// on the way. What passes is not looked at, so the page is the edge's own.
import { connect, createServer } from "node:net";

export class Line {
  #server = createServer((socket) => this.#through(socket));
  #sockets = new Set();
  #edge;
  #held = false;
  #cut = false;

  static async to(edge) {
    const line = new Line();
    line.#edge = new URL(edge);
    await new Promise((resolve) => line.#server.listen(0, "127.0.0.1", resolve));
    return line;
  }

  get url() {
    return `http://127.0.0.1:${this.#server.address().port}`;
  }

  /** From now on nothing arrives from the edge, while what is sent to it does. */
  hold() {
    this.#held = true;
    for (const { edge } of this.#sockets) edge.pause();
  }

  /** Ends every connection, with all that was on the way, and takes no other. */
  cut() {
    this.#cut = true;
    for (const pair of this.#sockets) this.#end(pair);
  }

  /** Takes connections again, to the same edge or to another one. */
  mend(edge = this.#edge.href) {
    this.#edge = new URL(edge);
    this.#held = false;
    this.#cut = false;
  }

  close() {
    this.cut();
    this.#server.close();
  }

  #through(socket) {
    if (this.#cut) return socket.destroy();
    const edge = connect(Number(this.#edge.port), this.#edge.hostname);
    const pair = { socket, edge };
    this.#sockets.add(pair);
    for (const end of [socket, edge]) {
      end.on("error", () => this.#end(pair));
      end.on("close", () => this.#end(pair));
    }
    socket.on("data", (bytes) => edge.write(bytes));
    edge.on("data", (bytes) => socket.write(bytes));
    if (this.#held) edge.pause();
  }

  #end(pair) {
    this.#sockets.delete(pair);
    pair.socket.destroy();
    pair.edge.destroy();
  }
}

import type { Receiver } from './receiver.js';

/** What a target that takes a while sees: how many calls were under way at once. */
export class Simultaneous {
  most = 0;
  private now = 0;

  /** @param takesMs how long the target needs for its answer */
  constructor(target: Receiver, takesMs = 20) {
    target.answer = (_request, response) => {
      this.most = Math.max(this.most, ++this.now);
      setTimeout(() => {
        this.now--;
        response.end('ok');
      }, takesMs);
    };
  }
}

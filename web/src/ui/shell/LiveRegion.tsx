// The live region of the page; `announce` fills it.
import { announcement } from "../announce.ts";

export function LiveRegion() {
  return (
    <div class="unseen" role="status" aria-live="polite" aria-atomic="true">
      {announcement}
    </div>
  );
}

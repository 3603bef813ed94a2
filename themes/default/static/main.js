// Everything the staff pages do beyond HTML. Each part looks for its own data attributes and does nothing without them.
import * as asking from "./asking.js";
import * as colour from "./colour.js";
import * as copy from "./copy.js";
import * as dialog from "./dialog.js";
import * as forms from "./forms.js";
import * as inline from "./inline.js";
import * as lines from "./lines.js";
import * as live from "./live.js";
import * as list from "./list.js";
import * as matches from "./matches.js";
import * as net from "./net.js";
import * as picker from "./picker.js";
import * as progress from "./progress.js";
import * as setup from "./setup.js";
import * as shell from "./shell.js";
import * as tags from "./tags.js";

/** What a piece of a page needs when it arrives later than the page. */
function revive(root) {
  picker.start(root);
  tags.start(root);
  lines.start(root, revive);
  matches.start(root);
  forms.start(root);
  progress.start(root);
  colour.start(root);
  copy.start(root);
}

net.start();
dialog.start();
asking.start(revive);
shell.start();
list.start();
setup.start();
inline.start(revive);
live.start();
revive(document);

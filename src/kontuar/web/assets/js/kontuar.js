// What every page runs. Order matters only for the keyboard: the scanner hears a key first, then the shortcuts.
import "./csrf.js";
import "./failures.js";
import "./toast.js";
import "./scanner.js";
import "./scan-queue.js"; // before disabled.js: a press may wait for a scan that makes it possible
import "./disabled.js";
import "./feedback.js";
import "./dialog.js";
import "./shortcuts.js";
import "./keypad.js";
import "./list.js";
import "./connectivity.js";
import "./clock.js";
import "./menu.js";
import "./views.js";
import "./early-keys-given.js";

# The CRM's side of docs/crm.md in Python's standard library:  CRM_SECRET=whsec_... PORT=8090 python3 answer.py
import base64, hashlib, hmac, json, os, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

OWNERS = {"+380501234567": "201", "+15005550123": [["201", "202"]]}  # yours: a query
SEEN = set()  # yours: a table of event ids
SECRET = os.environ.get("CRM_SECRET", "")


def is_signed(headers, body):
    if not SECRET:
        return True  # nobody checks: for a first try only
    sent_at = headers.get("webhook-timestamp", "")
    if not sent_at.isdecimal() or abs(time.time() - int(sent_at)) > 300:
        return False
    signed = f"{headers.get('webhook-id', '')}.{sent_at}.".encode() + body
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    expected = b"v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256))
    return any(hmac.compare_digest(one.encode(), expected) for one in headers.get("webhook-signature", "").split(" "))


def note(event):
    """What became of a call (docs/events.md): pop-ups, calls and missed calls are yours."""
    if event["event_id"] in SEEN:
        return  # it came twice
    SEEN.add(event["event_id"])
    print(event["event"], event["caller"], event["destination"], flush=True)


def answer(headers, body):
    if not is_signed(headers, body):
        return 401, {"error": "the signature is wrong"}
    try:
        message = json.loads(body)
        if "event_id" not in message:
            return 200, {"destination": OWNERS.get(message["caller"])}
        note(message)
        return 200, {}
    except (ValueError, KeyError, TypeError):
        return 400, {"error": "the body is not JSON, or has no caller"}


class Crm(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # connections stay open
    wbufsize = -1  # head and body leave in one packet

    def do_POST(self):
        status, document = answer(self.headers, self.rfile.read(int(self.headers.get("Content-Length", 0))))
        text = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


ThreadingHTTPServer(("127.0.0.1", int(os.environ.get("PORT", "8090"))), Crm).serve_forever()

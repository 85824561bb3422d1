"""A mail server on aiosmtpd that refuses, stalls and demands by what it is told.

Started by host/e2e/tests/it/servers.rs with a JSON object as its only argument: port, and if wanted certificate, key,
require_tls, name and password. It prints `ready`, then a JSON line for each mail. A recipient that begins with
`refuse` and a code is refused with that code at RCPT, one that begins with `stall` is never answered after the dot.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

told = json.loads(sys.argv[1])


class Handler:
    def __init__(self):
        self.refused = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        local = address.split("@")[0]
        code = local.removeprefix("refuse")[:3]
        if local.startswith("refuse") and address not in self.refused:
            # Transient ones are taken at the second try.
            self.refused.add(address)
            return f"{code} {code[0]}.2.0 not now"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 fine"

    async def handle_DATA(self, server, session, envelope):
        if envelope.rcpt_tos[0].startswith("stall"):
            await asyncio.Event().wait()
        mail = {
            "from": envelope.mail_from,
            "to": envelope.rcpt_tos,
            "data": envelope.original_content.decode("ascii"),
            "tls": session.ssl is not None,
            "authenticated": bool(session.authenticated),
        }
        print(json.dumps(mail), flush=True)
        return "250 2.0.0 taken"


def authenticate(server, session, envelope, mechanism, data):
    wanted = LoginPassword(told["name"].encode(), told["password"].encode())
    # Without `handled=False` a failed login is never answered.
    return AuthResult(success=data == wanted, handled=False)


async def main():
    options = {"hostname": "localhost"}
    if "certificate" in told:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(told["certificate"], told["key"])
        options |= {"tls_context": context, "require_starttls": told.get("require_tls", True)}
    if "name" in told:
        options |= {"authenticator": authenticate, "auth_required": True}
    handler = Handler()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(handler, loop=loop, **options), "127.0.0.1", told["port"])
    print("ready", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())

"""A mail server that tells what it is given, on aiosmtpd.

`smtp.py OPTIONS`, a JSON object: `tls` is `starttls` or `wrapper`, with `certificate` and `key`, paths of PEM files;
`login` is a name and a password that it demands; with `refuses` it begins with refusing everybody for now.
It listens on loopback and prints a line of JSON for everything: `port` once it does, `mail` for each mail, `refused` for
each recipient that it refuses. A line on its standard input, `refuse` or `take`, says what it does from then on.
"""

import asyncio
import json
import ssl
import sys
from email import message_from_bytes, policy

from aiosmtpd.smtp import SMTP, AuthResult

OPTIONS = json.loads(sys.argv[1])
refuses = OPTIONS.get("refuses", False)


def say(**what) -> None:
    print(json.dumps(what), flush=True)


class Handler:
    async def handle_RCPT(self, server, session, envelope, address, options):
        if refuses:
            say(refused=address)
            # As real ones do, with the address.
            return f"451 4.7.1 <{address}>: come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content, policy=policy.default)
        say(
            mail={
                "sender": envelope.mail_from,
                "recipients": envelope.rcpt_tos,
                "login": session.auth_data,
                "encrypted": session.ssl is not None or OPTIONS.get("tls") == "wrapper",
                "headers": {name.lower(): str(value) for name, value in message.items()},
                "text": message.get_content(),
            }
        )
        return "250 OK"


def authenticate(server, session, envelope, mechanism, given):
    name, password = OPTIONS["login"]
    known = (given.login, given.password) == (name.encode(), password.encode())
    return AuthResult(success=known, handled=False, auth_data=name if known else None)


async def commands() -> None:
    global refuses
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        refuses = line.strip() == b"refuse"
        say(refuses=refuses)


async def main() -> None:
    context = None
    if "tls" in OPTIONS:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(OPTIONS["certificate"], OPTIONS["key"])
    starttls = OPTIONS.get("tls") == "starttls"

    def connection() -> SMTP:
        return SMTP(
            Handler(),
            hostname="localhost",
            enable_SMTPUTF8=True,
            tls_context=context if starttls else None,
            require_starttls=starttls,
            auth_required="login" in OPTIONS,
            # Within `wrapper` it does not know that there is TLS.
            auth_require_tls=starttls,
            authenticator=authenticate,
        )

    loop = asyncio.get_running_loop()
    wrapper = context if OPTIONS.get("tls") == "wrapper" else None
    server = await loop.create_server(connection, "127.0.0.1", 0, ssl=wrapper)
    say(port=server.sockets[0].getsockname()[1])
    # It ends with whoever started it.
    await commands()


asyncio.run(main())

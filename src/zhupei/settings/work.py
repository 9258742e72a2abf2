"""Settings of what is done besides answering: jobs, mail, webhooks, files."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from zhupei.settings import parsing
from zhupei.settings.kinds import MailSecurity
from zhupei.settings.process import ProcessSettings

__all__ = ["WorkSettings"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkSettings(ProcessSettings):
    """What is done besides answering."""

    worker: Annotated[
        bool,
        parsing.Variable(
            name="ZHUPEI_WORKER",
            parse=parsing.boolean,
            zh="zhupei serve 是否同时处理后台任务；0 时须另行运行 zhupei worker",
            en="1 lets `zhupei serve` do jobs as well; with 0 run `zhupei worker` beside it",
            default="1",
        ),
    ] = True
    worker_port: Annotated[
        int | None,
        parsing.Variable(
            name="ZHUPEI_WORKER_PORT",
            parse=parsing.integer(0, 65535),
            zh="zhupei worker 在 ZHUPEI_HOST 上提供 /metrics 与 /health/ 的端口，0 表示任选；"
            "未设置时不监听",
            en="Port at which `zhupei worker` answers `/metrics` and `/health/`, on `ZHUPEI_HOST`, "
            "0 takes a free one; without it, it listens nowhere",
            default="none",
        ),
    ] = None
    tick_seconds: Annotated[
        int,
        parsing.Variable(
            name="ZHUPEI_TICK_SECONDS",
            parse=parsing.integer(1, 60),
            zh="每隔多少秒查看一次有无到期事项",
            en="Seconds between two looks at what is due",
        ),
    ] = 60
    reminder_days: Annotated[
        int,
        parsing.Variable(
            name="ZHUPEI_REMINDER_DAYS",
            parse=parsing.integer(0, 60),
            zh="截止前几天提醒本人；0 表示不提醒",
            en="Days before a deadline at which people are reminded; 0 is never",
        ),
    ] = 3
    removed_file_days: Annotated[
        int,
        parsing.Variable(
            name="ZHUPEI_REMOVED_FILE_DAYS",
            parse=parsing.integer(0, 3650),
            zh="移除的材料在磁盘上保留的天数，之后销毁",
            en="Days that the content of a removed file stays on disk; then it is destroyed",
        ),
    ] = 30
    smtp_host: Annotated[
        str | None,
        parsing.Variable(
            name="ZHUPEI_SMTP_HOST",
            parse=parsing.host,
            zh="发送通知的邮件服务器；未设置时通知留待发送",
            en="Mail server that takes notices; without it they wait",
            default="none",
        ),
    ] = None
    smtp_port: Annotated[
        int,
        parsing.Variable(
            name="ZHUPEI_SMTP_PORT",
            parse=parsing.integer(1, 65535),
            zh="邮件服务器端口",
            en="Port of the mail server",
        ),
    ] = 587
    smtp_security: Annotated[
        MailSecurity,
        parsing.Variable(
            name="ZHUPEI_SMTP_SECURITY",
            parse=parsing.choice(MailSecurity),
            zh="与邮件服务器连接的加密方式：starttls、tls 或 none",
            en="How the connection to it is protected: `starttls`, `tls` or `none`",
        ),
    ] = MailSecurity.STARTTLS
    smtp_user: Annotated[
        str | None,
        parsing.Variable(
            name="ZHUPEI_SMTP_USER",
            parse=parsing.host,
            zh="邮件服务器账号",
            en="Account at the mail server",
            default="none",
        ),
    ] = None
    smtp_password: Annotated[
        str | None,
        parsing.Variable(
            name="ZHUPEI_SMTP_PASSWORD",
            parse=parsing.secret,
            by_file=True,
            zh="邮件服务器密码",
            en="Password of that account",
            default="none",
        ),
    ] = field(default=None, repr=False)
    smtp_ca_file: Annotated[
        Path | None,
        parsing.Variable(
            name="ZHUPEI_SMTP_CA_FILE",
            parse=parsing.path,
            zh="签发邮件服务器证书的机构证书（PEM），内部邮件服务器用",
            en="Certificates (PEM) of who issued the mail server's, for a server of one's own",
            default="those of the system",
        ),
    ] = None
    mail_from: Annotated[
        str | None,
        parsing.Variable(
            name="ZHUPEI_MAIL_FROM",
            parse=parsing.mail_address,
            zh="通知的发件人，如“住培招收 <noreply@example.org>”",
            en="Sender of notices, as in `Residency training <noreply@example.org>`",
            default="none",
        ),
    ] = None
    public_url: Annotated[
        str | None,
        parsing.Variable(
            name="ZHUPEI_PUBLIC_URL",
            parse=parsing.address,
            zh="外部访问本系统的网址，写入事件与日历",
            en="Address at which others reach this installation, named in events and calendars",
            default="none",
        ),
    ] = None
    webhook_networks: Annotated[
        tuple[parsing.Network, ...],
        parsing.Variable(
            name="ZHUPEI_WEBHOOK_NETWORKS",
            parse=parsing.networks,
            separator=",",
            zh="允许推送事件的非公网网段，用逗号分隔",
            en="Networks that events may be delivered to although they are not public, separated "
            "by commas",
            default="none",
        ),
    ] = ()
    webhook_ports: Annotated[
        tuple[int, ...],
        parsing.Variable(
            name="ZHUPEI_WEBHOOK_PORTS",
            parse=parsing.ports,
            separator=",",
            zh="允许推送事件的端口，用逗号分隔",
            en="Ports that events may be delivered to, separated by commas",
            default="443",
        ),
    ] = (443,)
    webhook_http: Annotated[
        bool,
        parsing.Variable(
            name="ZHUPEI_WEBHOOK_HTTP",
            parse=parsing.boolean,
            zh="是否允许向 http 网址推送事件，仅供开发",
            en="1 lets events go to addresses without encryption, for development",
            default="0",
        ),
    ] = False
    webhook_days: Annotated[
        int,
        parsing.Variable(
            name="ZHUPEI_WEBHOOK_DAYS",
            parse=parsing.integer(1, 30),
            zh="事件推送失败后重试的天数",
            en="Days for which the delivery of an event is tried",
        ),
    ] = 3
    webhook_seconds: Annotated[
        int,
        parsing.Variable(
            name="ZHUPEI_WEBHOOK_SECONDS",
            parse=parsing.integer(1, 60),
            zh="一次推送的秒数上限",
            en="Seconds that one attempt to deliver an event may take",
        ),
    ] = 10
    max_file_bytes: Annotated[
        int,
        parsing.Variable(
            name="ZHUPEI_MAX_FILE_BYTES",
            parse=parsing.integer(1024, 1 << 30),
            zh="报考材料单个文件的字节数上限",
            en="Largest file that an applicant may hand in, in bytes",
        ),
    ] = 10 << 20

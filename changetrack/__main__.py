"""The console script `changetrack`, also as `python -m changetrack`."""

from flask.cli import ScriptInfo

from changetrack.app import create_app
from changetrack.cli import changetrack, register
from changetrack.config import SettingsError


def main() -> None:
    """Run the command that the arguments name."""
    info = ScriptInfo(create_app=create_app, set_debug_flag=False, load_dotenv_defaults=False)
    try:
        register(changetrack).main(prog_name="changetrack", obj=info)
    except SettingsError as error:
        raise SystemExit(f"changetrack: {error}") from None


if __name__ == "__main__":
    main()

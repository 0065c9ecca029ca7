# SPDX-License-Identifier: GPL-3.0-or-later
"""`Settings`: the sections together, and what each room of the house gets of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, ClassVar, Self

from pydantic import ValidationInfo, field_validator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from evsed.boards import BoardConfig, BoxConfig, InputsConfig, KernelConfig, PigpioConfig
from evsed.core.car.care import CarCareConfig
from evsed.core.pilot.current_transformer import MOST_V
from evsed.core.pilot.evse_values import EvseConfig
from evsed.core.pilot.over_current import OverCurrentConfig
from evsed.core.pilot.phase_set import Switching, SwitchRules
from evsed.core.pilot.pilot_meter import FrontEnd
from evsed.core.solar.allotment_config import AllotmentConfig
from evsed.core.supply.main_fuse import MainFuseConfig
from evsed.core.text import text
from evsed.feeds import FeedConfig
from evsed.frontends.mqtt import MqttConfig
from evsed.frontends.ocpp import OcppConfig
from evsed.frontends.web import WebConfig
from evsed.meters import MeterConfig
from evsed.settings.common import must_be
from evsed.settings.feed import FeedSettings
from evsed.settings.meters import CarMeterSettings, HouseMeterSettings, MetersSettings
from evsed.settings.mqtt import MqttSettings
from evsed.settings.notify import NotifySettings
from evsed.settings.ocpp import OcppSettings
from evsed.settings.prices import PricesSettings
from evsed.settings.sections import (
    BoardSettings,
    BoxSettings,
    CarSettings,
    ContactorSettings,
    InputsSettings,
    LogsSettings,
    OpenEvseSettings,
    SafetySettings,
    StoreSettings,
    SupplySettings,
    SurplusSettings,
    WebSettings,
    WiresSettings,
)

METER_HEADROOM = 1.25  # what goes grossly beyond the supply has to be seen as such

if TYPE_CHECKING:
    from evsed.logs import LogsConfig


def _meter_config(section: CarMeterSettings | HouseMeterSettings) -> MeterConfig | None:
    device = section.device()
    return None if device is None else MeterConfig(device=device, period_s=section.period_s)


def _gpios(section: WiresSettings | BoardSettings | InputsSettings, name: str) -> dict[int, str]:
    """Every GPIO of *section*, with the dotted key that has it; *name* is the section's."""
    found: dict[int, str] = {}
    for key, given in section:
        if key.endswith(("_gpio", "_gpios")):
            pins = given if isinstance(given, tuple) else (given,)
            found |= {pin: f"{name}.{key}" for pin in pins if pin is not None}
    return found


class Settings(BaseSettings):
    """Everything the owner may decide, checked; `load_settings()` makes it.

    A rule between two sections is checked at the later one, and only when the earlier is right.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, validate_default=True
    )

    layers: ClassVar[tuple[dict[str, Any], ...]] = ()
    """Values beside the arguments, the first wins: the loader's way in."""

    supply: SupplySettings = SupplySettings()
    board: BoardSettings = BoardSettings()
    contactor: ContactorSettings = ContactorSettings()
    inputs: InputsSettings = InputsSettings()
    box: BoxSettings = BoxSettings()
    feed: FeedSettings = FeedSettings()
    meters: MetersSettings = MetersSettings()
    surplus: SurplusSettings = SurplusSettings()
    prices: PricesSettings = PricesSettings()
    car: CarSettings = CarSettings()
    safety: SafetySettings = SafetySettings()
    web: WebSettings = WebSettings()
    openevse: OpenEvseSettings = OpenEvseSettings()
    mqtt: MqttSettings = MqttSettings()
    ocpp: OcppSettings = OcppSettings()
    notify: NotifySettings = NotifySettings()
    logs: LogsSettings = LogsSettings()
    store: StoreSettings = StoreSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - given by name
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Only what is given: making a `Settings` reads neither files nor the environment."""
        return (init_settings, *(InitSettingsSource(settings_cls, layer) for layer in cls.layers))

    @field_validator("board")
    @classmethod
    def _contactors_fit_phases(cls, board: BoardSettings, info: ValidationInfo) -> BoardSettings:
        supply = info.data.get("supply")
        gpios = board.wires.contactor_gpios
        if isinstance(supply, SupplySettings) and len(gpios) not in (1, supply.phases):
            wanted = text(
                "one GPIO, or one per phase: supply.phases is {phases}", phases=supply.phases
            )
            raise must_be(wanted, key=f"{board.kind}.contactor_gpios", value=gpios)
        return board

    @field_validator("contactor")
    @classmethod
    def _board_can_hold(
        cls, contactor: ContactorSettings, info: ValidationInfo
    ) -> ContactorSettings:
        board = info.data.get("board")
        if isinstance(board, BoardSettings) and board.kind == "kernel" and contactor.hold_duty < 1:
            wanted = text('1.0 where board.kind is "kernel": Linux has no PWM for the contactor')
            raise must_be(wanted, key="hold_duty", value=contactor.hold_duty)
        return contactor

    @field_validator("contactor")
    @classmethod
    def _each_phase_has_an_output(
        cls, contactor: ContactorSettings, info: ValidationInfo
    ) -> ContactorSettings:
        board = info.data.get("board")
        if not isinstance(board, BoardSettings) or contactor.switching == "off":
            return contactor
        if len(board.wires.contactor_gpios) == 1:
            wanted = text(
                '"off" where board.{kind}.contactor_gpios has one GPIO for all phases',
                kind=board.kind,
            )
            raise must_be(wanted, key="switching", value=contactor.switching)
        return contactor

    @field_validator("inputs")
    @classmethod
    def _inputs_fit_the_board(cls, inputs: InputsSettings, info: ValidationInfo) -> InputsSettings:
        board = info.data.get("board")
        if not isinstance(board, BoardSettings):
            return inputs
        wires, feedbacks = board.wires, inputs.contactor_feedback_gpios
        section = f"board.{board.kind}"
        taken = _gpios(wires, section) | _gpios(board, "board")
        for key, value in inputs:
            for pin in value if isinstance(value, tuple) else (value,):
                if key.endswith(("_gpio", "_gpios")) and pin in taken:
                    wanted = text("other than {taken}, which has {pin}", taken=taken[pin], pin=pin)
                    raise must_be(wanted, key=key, value=value)
        contactors = len(wires.contactor_gpios)
        if len(feedbacks) not in (0, contactors):
            wanted = text(
                "[] or as many as {section}.contactor_gpios has: {contactors}",
                section=section,
                contactors=contactors,
            )
            raise must_be(wanted, key="contactor_feedback_gpios", value=feedbacks)
        for key, channel in inputs:
            if not key.endswith("_adc_channel"):
                continue
            if channel == board.front_end.pilot_adc_channel:
                wanted = text(
                    "other than board.front_end.pilot_adc_channel, which is {channel}",
                    channel=channel,
                )
                raise must_be(wanted, key=key, value=channel)
        return inputs

    @field_validator("box")
    @classmethod
    def _box_fits_the_board(cls, box: BoxSettings, info: ValidationInfo) -> BoxSettings:
        board, inputs = info.data.get("board"), info.data.get("inputs")
        taken: dict[int, str] = {}
        if isinstance(board, BoardSettings):
            taken = _gpios(board.wires, f"board.{board.kind}") | _gpios(board, "board")
        if isinstance(inputs, InputsSettings):
            taken |= _gpios(inputs, "inputs")
        for key, pins in (("light_gpios", box.light_gpios), ("button_gpio", (box.button_gpio,))):
            for pin in pins:
                if pin in taken:
                    wanted = text("other than {taken}, which has {pin}", taken=taken[pin], pin=pin)
                    raise must_be(wanted, key=key, value=getattr(box, key))
        return box

    @model_validator(mode="after")
    def _what_is_held_is_watched(self) -> Self:
        if self.contactor.hold_duty < 1 and not self.inputs.contactor_feedback_gpios:
            wanted = text(
                "1.0, or inputs.contactor_feedback_gpios must name one GPIO for each "
                "contactor: one that lets go while it is held would go unnoticed, and "
                "what holds it does not close it again"
            )
            raise must_be(wanted, key="contactor.hold_duty", value=self.contactor.hold_duty)
        return self

    @model_validator(mode="after")
    def _what_is_switched_is_watched(self) -> Self:
        switching = self.contactor.switching
        if switching in ("down", "auto") and not self.inputs.contactor_feedback_gpios:
            wanted = text(
                '"off" or "unplugged", or inputs.contactor_feedback_gpios must name one '
                "GPIO for each contactor: before phases change under a car, every "
                "contact is proved open"
            )
            raise must_be(wanted, key="contactor.switching", value=switching)
        return self

    @field_validator("inputs")
    @classmethod
    def _meter_spans_the_supply(
        cls, inputs: InputsSettings, info: ValidationInfo
    ) -> InputsSettings:
        supply = info.data.get("supply")
        if inputs.current_adc_channel is None or not isinstance(supply, SupplySettings):
            return inputs
        least = METER_HEADROOM * supply.max_current_a / MOST_V
        if inputs.current_a_per_v < least:
            wanted = text(
                "at least {least:g}, so that it spans {times:g} times "
                "supply.max_current_a, which is {max_current_a:g} A: a transformer with "
                "more turns, or a smaller burden",
                least=math.ceil(least * 10) / 10,
                times=METER_HEADROOM,
                max_current_a=supply.max_current_a,
            )
            raise must_be(wanted, key="current_a_per_v", value=inputs.current_a_per_v)
        return inputs

    @field_validator("meters")
    @classmethod
    def _the_fuse_is_watched(cls, meters: MetersSettings, info: ValidationInfo) -> MetersSettings:
        supply = info.data.get("supply")
        if not isinstance(supply, SupplySettings) or meters.house.kind:
            return meters
        for key in ("main_fuse_a", "peak_w"):
            if (value := getattr(supply, key)) is not None:
                wanted = text(
                    "a section where supply.{key} is set, which is {value:g}: without a "
                    "meter of the house it is not known what the house leaves for the car",
                    key=key,
                    value=value,
                )
                raise must_be(wanted, key="house.kind", value=meters.house.kind)
        return meters

    @field_validator("surplus")
    @classmethod
    def _least_under_most(cls, surplus: SurplusSettings, info: ValidationInfo) -> SurplusSettings:
        supply, least_a = info.data.get("supply"), surplus.car_min_current_a
        if isinstance(supply, SupplySettings) and least_a > supply.max_current_a:
            wanted = text(
                "6 to {max_current_a:g} A, which is supply.max_current_a",
                max_current_a=supply.max_current_a,
            )
            raise must_be(wanted, key="car_min_current_a", value=least_a)
        return surplus

    @field_validator("car")
    @classmethod
    def _car_fits_the_supply(cls, car: CarSettings, info: ValidationInfo) -> CarSettings:
        supply = info.data.get("supply")
        if isinstance(supply, SupplySettings) and car.phases > supply.phases:
            wanted = text("0 to {phases}, which is supply.phases", phases=supply.phases)
            raise must_be(wanted, key="phases", value=car.phases)
        return car

    def board_config(self) -> BoardConfig:
        """Build the configuration of the board."""
        pigpio, kernel = self.board.pigpio, self.board.kernel
        return BoardConfig(
            kind=self.board.kind,
            pilot_adc_channel=self.board.front_end.pilot_adc_channel,
            hold_duty=self.contactor.hold_duty,
            cp_relay_gpio=self.board.cp_relay_gpio,
            pigpio=PigpioConfig(
                host=pigpio.host,
                port=pigpio.port,
                pilot_gpio=pigpio.pilot_gpio,
                contactor_gpios=pigpio.contactor_gpios,
                heartbeat_gpio=pigpio.heartbeat_gpio,
                spi_channel=pigpio.spi_channel,
                spi_hz=pigpio.spi_hz,
            ),
            kernel=KernelConfig(**kernel.model_dump()),
            inputs=InputsConfig(**self.inputs.model_dump()),
            box=BoxConfig(self.box.light_gpios, self.box.light_on_low, self.box.button_gpio),
        )

    def front_end(self) -> FrontEnd:
        """Build the conversion of ADC codes to volts."""
        front_end = self.board.front_end
        return FrontEnd(front_end.volts_at_code_0, front_end.volts_per_code)

    def evse_config(self, *, front_end_proved: bool, hold_off_s: float) -> EvseConfig:
        """Build the configuration of the state machine; the arguments come from the store."""
        return EvseConfig(
            switch=SwitchRules(
                switching=Switching(self.contactor.switching),
                outputs=len(self.board.wires.contactor_gpios),
                mirrored=bool(self.inputs.contactor_feedback_gpios),
                rest_s=self.contactor.switching_rest_s,
                shows_f=self.contactor.switching_pilot == "F",
            ),
            allow_ventilated=self.safety.allow_ventilated,
            needs_b=not self.safety.allow_without_b,
            front_end_proved=front_end_proved,
            hold_off_s=hold_off_s,
            least_pause_s=self.car.least_pause_s,
            pause_f=self.car.pause == "F",
            cp_relay=self.board.cp_relay_gpio is not None,
        )

    def over_current_config(self) -> OverCurrentConfig:
        """Build the configuration of the over-current rule."""
        return OverCurrentConfig(
            share=self.safety.over_current_share,
            plus_a=self.safety.over_current_plus_a,
            for_s=self.safety.over_current_for_s,
        )

    def allotment_config(self) -> AllotmentConfig:
        """Build the configuration of the allotment: mains, feed and solar rules."""
        return AllotmentConfig(
            mains_v=self.supply.mains_v,
            phases=self.supply.phases,
            max_current_a=self.supply.max_current_a,
            period_s=self.feed.period_s,
            window_s=self.feed.window_s,
            semantics=self.feed.semantics,
            **self.surplus.model_dump(),
        )

    def car_care_config(self) -> CarCareConfig:
        """Build the configuration of the care for the car."""
        given = self.car.model_dump(exclude={"least_pause_s", "pause"})
        relay = self.board.cp_relay_gpio is not None
        return CarCareConfig(**given, supply_phases=self.supply.phases, cp_relay=relay)

    def feed_config(self) -> FeedConfig:
        """Build the configuration of the feed."""
        return FeedConfig(
            kind=self.feed.kind,
            url=self.feed.url,
            period_s=self.feed.period_s,
            timezone=self.feed.timezone or None,
            current_a=self.feed.current_a,
            device=self.feed.device(),
        )

    def car_meter_config(self) -> MeterConfig | None:
        """Build the configuration of the car's meter; None where there is none."""
        return _meter_config(self.meters.car)

    def house_meter_config(self) -> MeterConfig | None:
        """Build the configuration of the house's meter; None where there is none."""
        return _meter_config(self.meters.house)

    def main_fuse_config(self) -> MainFuseConfig | None:
        """Build the configuration of the main fuse's guard; None where there is nothing to keep."""
        supply = self.supply
        if supply.main_fuse_a is None and supply.peak_w is None:
            return None
        return MainFuseConfig(
            main_fuse_a=supply.main_fuse_a,
            peak_w=supply.peak_w,
            house_lost_a=supply.house_lost_a,
            mains_v=supply.mains_v,
            phases=supply.phases,
            max_current_a=supply.max_current_a,
            least_a=self.surplus.car_min_current_a,
        )

    def web_config(self) -> WebConfig:
        """Build the configuration of the web frontend."""
        return WebConfig(
            host=self.web.host,
            port=self.web.port,
            socket=self.web.socket,
            password_file=str(self.web.password_file),
            names=self.web.names,
            openevse=self.openevse.enabled,
            trusted_proxies=self.web.trusted_proxies,
            frame_ancestors=self.web.frame_ancestors,
            https_port=self.web.https_port,
            certificate=self.web.certificate,
            key=self.web.key,
        )

    def mqtt_config(self) -> MqttConfig | None:
        """Build the configuration of the MQTT frontend; None where it is off."""
        return self.mqtt.config(self.supply.max_current_a, light=bool(self.box.light_gpios))

    def ocpp_config(self) -> OcppConfig | None:
        """Build the configuration of the OCPP frontend; None where it is off."""
        falls = self.contactor.switching in ("down", "auto")
        most_a = self.supply.max_current_a
        return self.ocpp.config(self.store.path, most_a, phases_fall=falls)

    def logs_config(self) -> LogsConfig:
        """Build the configuration of the logs."""
        from evsed.logs import LogsConfig  # noqa: PLC0415 - `evsed off` has no time for structlog

        return LogsConfig(self.logs.dir, self.logs.level)

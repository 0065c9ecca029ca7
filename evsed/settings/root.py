# SPDX-License-Identifier: GPL-3.0-or-later
"""`Settings`: the sections together, and the configuration of each package, built from them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from pydantic import AfterValidator, model_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from evsed.boards import BoardConfig, BoxConfig, InputsConfig, KernelConfig, PigpioConfig
from evsed.core.car.care import CarCareConfig
from evsed.core.pilot.evse_values import EvseConfig
from evsed.core.pilot.over_current import OverCurrentConfig
from evsed.core.pilot.phase_set import Switching, SwitchRules
from evsed.core.pilot.pilot_meter import FrontEnd
from evsed.core.solar.allotment_config import AllotmentConfig
from evsed.core.supply.main_fuse import MainFuseConfig
from evsed.feeds import FeedConfig
from evsed.frontends import OtherConfig
from evsed.frontends.mqtt import MqttConfig
from evsed.frontends.ocpp import OcppConfig
from evsed.frontends.web import WebConfig
from evsed.meters import MeterConfig
from evsed.settings import agreement
from evsed.settings.feed import FeedSettings
from evsed.settings.hardware import (
    BoardSettings,
    BoxSettings,
    ContactorSettings,
    InputsSettings,
)
from evsed.settings.meters import CarMeterSettings, HouseMeterSettings, MetersSettings
from evsed.settings.mqtt import MqttSettings
from evsed.settings.notify import NotifySettings
from evsed.settings.ocpp import OcppSettings
from evsed.settings.prices import PricesSettings
from evsed.settings.sections import (
    CarSettings,
    LogsSettings,
    OpenEvseSettings,
    SafetySettings,
    StoreSettings,
    SupplySettings,
    SurplusSettings,
    WebSettings,
)

if TYPE_CHECKING:
    from evsed.logs import LogsConfig


def _meter_config(section: CarMeterSettings | HouseMeterSettings) -> MeterConfig | None:
    device = section.device()
    return None if device is None else MeterConfig(device=device, period_s=section.period_s)


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
    board: Annotated[BoardSettings, AfterValidator(agreement.contactors_fit_phases)] = (
        BoardSettings()
    )
    contactor: Annotated[
        ContactorSettings,
        AfterValidator(agreement.board_can_hold),
        AfterValidator(agreement.each_phase_has_an_output),
    ] = ContactorSettings()
    inputs: Annotated[
        InputsSettings,
        AfterValidator(agreement.inputs_fit_the_board),
        AfterValidator(agreement.meter_spans_the_supply),
    ] = InputsSettings()
    box: Annotated[BoxSettings, AfterValidator(agreement.box_fits_the_board)] = BoxSettings()
    feed: FeedSettings = FeedSettings()
    meters: Annotated[MetersSettings, AfterValidator(agreement.main_fuse_is_watched)] = (
        MetersSettings()
    )
    surplus: Annotated[SurplusSettings, AfterValidator(agreement.least_under_most)] = (
        SurplusSettings()
    )
    prices: PricesSettings = PricesSettings()
    car: Annotated[CarSettings, AfterValidator(agreement.car_fits_the_supply)] = CarSettings()
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

    @model_validator(mode="after")
    def _contactors_are_watched(self) -> Self:
        agreement.contactors_are_watched(self.contactor, self.inputs)
        return self

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

    def other_configs(self) -> tuple[OtherConfig, ...]:
        """Build the configurations of the frontends beside the page that are in use."""
        configs = (self.mqtt_config(), self.ocpp_config(), self.notify.config())
        return tuple(config for config in configs if config is not None)

    def logs_config(self) -> LogsConfig:
        """Build the configuration of the logs."""
        from evsed.logs import LogsConfig  # noqa: PLC0415 - `evsed off` has no time for structlog

        return LogsConfig(self.logs.dir, self.logs.level)

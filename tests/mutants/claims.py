# SPDX-License-Identifier: GPL-3.0-or-later
"""A mutant for each further test that SAFETY.md names, and the tests that can have none."""

from __future__ import annotations

from typing import Final

from tests.mutants.mutant import Mutant

_EVSE = "core/pilot/evse.py"
_PROOF = "core/pilot/pilot_proof.py"
_METER = "core/pilot/pilot_meter.py"
_CONTACTORS = "core/pilot/contactors.py"
_CHECKS = "core/pilot/self_checks.py"
_TICK = "control/tick.py"
_CEILINGS = "control/ceilings.py"
_SCRIPT = "boards/pigpio/deadman.py"
_OUTPUTS = "boards/pigpio/contactors.py"
_RECORDER = "daemon/session_recorder.py"
_PLAN = "daemon/plan_keeper.py"

_T = "core/pilot/test_evse.py::test_"
_TC = "core/pilot/test_protection_contactors.py::test_"
_TF = "core/pilot/test_part_faults.py::test_"
_TH = "boards/pigpio/test_hold.py::test_"
_TI = "control/test_inputs.py::test_"
_TL = "control/test_late_ticks.py::test_"
_TM = "core/pilot/test_pilot_meter.py::test_"
_TP = "core/pilot/test_pilot_proof.py::test_"

CLAIMS: Final = (
    # --- by when it is open
    Mutant("wire-pulled-down", "boards/pigpio/session.py",
           'checked(f"pull GPIO {gpio} up", client.set_pull_up_down(gpio, pigpio.PUD_UP))',
           'checked(f"pull GPIO {gpio} up", client.set_pull_up_down(gpio, pigpio.PUD_DOWN))',
           "boards/test_contract.py::test_a_wire_that_is_broken_is_a_fault_on_every_input"),
    Mutant("late-unlimited", _CEILINGS, "            *(() if busy is None else (busy,)),\n", "",
           _TL + "many_late_ticks_withdraw_the_offer_so_that_the_car_lets_go_without_load"),
    Mutant("gap-opens", _TICK, "gapped = last.closed > 0 and gap_s > SURE_S", "gapped = last.closed > 0 and gap_s > 0.025",
           _TL + "one_late_tick_that_no_dead_man_noticed_opens_nothing"),
    Mutant("gap-opens-held", _TICK, "        if gapped and not _all_closed(inputs, last.closed):", "        if gapped:",
           "control/test_hold.py::test_a_late_beat_that_the_mirror_contact_shows_to_be_harmless_changes_nothing"),
    Mutant("gap-harmless", _TICK, "        if gapped and not _all_closed(inputs, last.closed):", "        if False:",
           "control/test_hold.py::test_a_late_beat_after_which_the_contacts_are_open_ends_in_a_full_close"),
    # --- a live plug with no car in it
    Mutant("live-sticks", _METER, "        if not good:\n            self._live_since = None", "        if False:\n            self._live_since = None",
           _TM + "half_a_second_of_c_with_the_diode_counts_up_and_a_stray_burst_starts_it_again"),
    Mutant("agree-6", _METER, "AGREE = 2 ", "AGREE = 6 ",
           "sim/test_bench.py::test_the_contacts_open_within_a_hundred_milliseconds_at_any_phase"),
    Mutant("offer-unproved", _EVSE, "PilotProof(proved=config.front_end_proved", "PilotProof(proved=True",
           _T + "nothing_closes_before_the_front_end_has_read_12_v_without_a_car"),
    Mutant("part-no-b", _PROOF, "return self.proved and b_seen", "return self.proved",
           _TF + "a_failed_part_closes_nothing_on_an_empty_plug_and_is_found_at_the_next_closing"),
    Mutant("probe-endless", "core/pilot/car_probe.py", "        return Probe.FAILED", "        return Probe.WAIT",
           _TP + "a_car_that_never_shows_b_waits_for_the_owner_who_looks_and_confirms"),
    Mutant("steady-unused", _PROOF, "and (steady or self._a_v is not None)", "and (self._a_v is not None)",
           _TP + "after_a_restart_with_the_car_plugged_in_b_through_x1_is_enough"),
    Mutant("part-in-charge", _PROOF, "            self.strayed = self._needs_b", "            self.strayed = False",
           _TF + "a_part_that_fails_in_a_charge_is_found_unless_it_sticks_at_the_level_of_this_car"),
    Mutant("part-half-a-volt", _PROOF, "            self.strayed = self._needs_b", "            self.strayed = False",
           _TF + "a_stuck_receiver_is_noticed_where_it_leaves_the_level_of_this_cars_c_by_half_a_volt"),
    Mutant("strayed-goes-on", _EVSE, "        if self.contactor.closed and self.proof.strayed:", "        if False:",
           _TP + "a_reading_that_moved_and_shows_no_b_opens_after_6_s_and_closes_nothing"),
    Mutant("generator-any", _CHECKS, "GENERATOR_MARGIN_V: Final = 0.15", "GENERATOR_MARGIN_V: Final = 99.0",
           "control/test_self_checks.py::test_a_weak_side_of_the_generator_is_named_by_its_own_channel"),
    Mutant("generator-any-part", _CHECKS, "GENERATOR_MARGIN_V: Final = 0.15", "GENERATOR_MARGIN_V: Final = 99.0",
           _TF + "the_generators_own_channel_finds_a_failed_generator_and_what_matters_of_a_converter"),
    # --- the software stops with the contactor closed
    Mutant("script-asleep", _SCRIPT, "PATIENCE_POLLS: Final = 9", "PATIENCE_POLLS: Final = 900",
           "boards/pigpio/test_deadman.py::test_it_fires_although_every_connection_is_gone"),
    Mutant("script-asleep-killed", _SCRIPT, "PATIENCE_POLLS: Final = 9", "PATIENCE_POLLS: Final = 900",
           "processes/test_dead_men.py::test_with_a_stopped_control_process_the_script_alone_opens_within_150_ms"),
    Mutant("fed-by-ticks", "daemon/systemd.py", "alive = ticks != self._ticks and now - self._limits_at <= LIMITS_WITHIN_S", "alive = ticks != self._ticks",
           "daemon/test_systemd.py::test_it_is_fed_by_ticks_and_limits_together"),
    Mutant("off-opens-nothing", _SCRIPT, "        *(write(gpio, 0) for gpio in config.contactor_gpios),\n        hardware_pwm(", "        hardware_pwm(",
           "boards/pigpio/test_off.py::test_off_opens_the_contactor_ends_the_offer_and_says_so"),
    Mutant("left-closed", _SCRIPT, "        *(write(gpio, 0) for gpio in config.contactor_gpios),\n        hardware_pwm(", "        hardware_pwm(",
           "boards/pigpio/test_faults.py::test_after_a_restart_of_pigpiod_everything_starts_from_safe"),
    # --- the memory of earlier lives
    Mutant("off-unread", _RECORDER, "        self.orders.restore(stored.controls, stored.claims, stored.off_by, stored.plan_progress)\n", "",
           "daemon/test_memory.py::test_an_off_that_is_read_late_is_in_force_before_anything_closes"),
    Mutant("full-for-ever", _RECORDER, "        if not self._loaded:\n            await self._remember()", "        if False:\n            await self._remember()",
           "daemon/test_memory.py::test_a_disk_that_is_full_at_the_start_is_a_fault_that_ends_by_itself"),
    Mutant("damage-unseen", _RECORDER, "            await self._remember()\n        self._look_for_damage()\n", "            await self._remember()\n",
           "daemon/test_memory.py::test_a_store_that_is_damaged_while_it_runs_is_a_fault_that_waits"),
    Mutant("full-lost", "store/file.py", '                self._database.execute("COMMIT")\n', "",
           "store/test_full_disk.py::test_a_disk_that_is_full_at_any_write_loses_nothing_once_there_is_room"),
    Mutant("full-uncommitted", "store/file.py", '                self._database.execute("COMMIT")\n', "",
           "store/test_full_disk.py::test_a_life_that_ends_while_the_disk_is_full_has_kept_what_it_was_told_is_kept"),
    Mutant("unsynced", "store/file.py", "PRAGMA synchronous = FULL", "PRAGMA synchronous = OFF",
           "store/test_power_cuts.py::test_a_power_cut_at_any_write_loses_no_promise"),
    Mutant("restore-forgets", "store/archive.py",
           'base.execute("INSERT OR IGNORE INTO faults SELECT * FROM present.faults")', "pass",
           "store/test_archive.py::test_no_fault_of_now_is_forgotten_and_nothing_about_this_machine"),
    Mutant("restore-turns-on", "store/archive.py",
           'if _controls(base, "present").get("mode") == "off":', "if False:",
           "store/test_archive.py::test_a_restore_never_switches_on"),
    Mutant("restore-unchecked", "store/archive.py", '    if verdict != "ok":', "    if False:",
           "store/test_archive.py::test_what_is_no_sound_backup_is_refused_and_nothing_changes"),
    Mutant("restore-any-form", "store/archive.py", "        if schema(base) != schema_of(version):", "        if False:",
           "store/test_archive.py::test_what_is_no_sound_backup_is_refused_and_nothing_changes"),
    # --- a plan
    Mutant("plan-over-owner", "daemon/limit_calculator.py",
           'owners = tuple(limit for limit in owners if limit.owner != "schedule")', "owners = ()",
           "daemon/test_plan.py::test_nothing_that_holds_against_the_owner_is_overridden"),
    Mutant("plan-over-fault", _PLAN, "        if snapshot.faults:", "        if False:",
           "daemon/test_plan.py::test_nothing_that_holds_against_the_owner_is_overridden"),
    Mutant("plan-over-only-sun", _PLAN, "        if orders.claims.only_sun:", "        if False:",
           "daemon/test_plan.py::test_nothing_that_holds_against_the_owner_is_overridden"),
    Mutant("plan-unset-clock", _PLAN, "        if local.timestamp() < CLOCK_NOT_BEFORE:", "        if False:",
           "daemon/test_plan.py::test_a_clock_that_was_never_set_makes_no_plan"),
    Mutant("plan-due-twice", _PLAN, "plan and found and found[0] == self._over and", "plan and found and False and",
           "daemon/test_plan.py::test_a_goal_of_the_week_is_not_due_twice_when_the_clock_is_put_back"),
    # --- two at one board, and the wrong hands
    Mutant("lock-ignored", "boards/lock.py", '        held.bind(f"\\0evsed board {_place(config)}")', "        held.fileno()",
           "processes/test_start_refused.py::test_a_second_evsed_on_another_port_changes_nothing_on_the_wires_and_in_the_store"),
    Mutant("demo-anywhere", "sim/demo.py", '"board": {"kind": "pigpio", "pigpio"', '"board": {"pigpio"',
           "cli/test_demo_board.py::test_the_demo_reaches_no_real_board_whatever_the_settings_say"),
    Mutant("off-not-told", "cli/off.py", "    if not wires_only:", "    if wires_only:",
           "processes/test_evsed_off.py::test_off_typed_by_a_person_holds_until_the_owner_says_otherwise"),
    Mutant("off-not-kept", "cli/off.py", '        store.put("controls", {**stored, "mode": "off"})', "        pass",
           "processes/test_evsed_off.py::test_off_without_a_running_evsed_holds_for_the_next_start"),
    Mutant("off-of-the-unit", "cli/off.py", "    if not wires_only:", "    if True:",
           "processes/test_evsed_off.py::test_off_of_the_unit_changes_no_mode"),
    Mutant("never-restarted", "daemon/supervisor.py", "            if self._stopping.is_set():\n                return\n            ran_s", "            return\n            ran_s",
           "processes/test_supervisor.py::test_a_troubled_frontend_is_started_again_and_the_charge_goes_on"),
    # --- a single failed switch of the coil
    Mutant("pump-with-no-car", "core/pilot/charge_pump.py", "        elif closed:", "        elif True:",
           "control/test_single_faults.py::test_with_no_car_nothing_is_live"),
    Mutant("pump-in-a-charge", "core/pilot/charge_pump.py", "            self._left = self._left - 1 if beats else 0", "            beats = True",
           "control/test_single_faults.py::test_in_the_middle_of_a_charge_the_plug_that_is_pulled_is_dead_in_300_ms"),
    Mutant("pump-untested", _CONTACTORS, "TESTED_S = 0.28", "TESTED_S = 0.0",
           _TC + "each_closing_proves_the_pump_and_costs_a_third_of_a_second"),
    Mutant("one-level", "core/pilot/charge_pump.py", "self._next_rest_high = True", "self._next_rest_high = False",
           _TC + "a_pump_that_is_stuck_at_one_level_of_the_pin_is_found_at_the_second_closing"),
    Mutant("proved-for-ever", _CONTACTORS, "self._proved = self._seen_closed = False", "self._seen_closed = False",
           _TC + "a_test_with_the_safety_loop_open_proves_nothing"),
    Mutant("pump-untested-box", _CONTACTORS, "TESTED_S = 0.28", "TESTED_S = 0.0",
           _TI + "a_pump_that_is_stuck_is_found_at_the_first_closing_and_nothing_is_ever_charged"),
    Mutant("opening-unwatched", _CONTACTORS, "OPEN_WITHIN_S = 0.08", "OPEN_WITHIN_S = 5.0",
           _TC + "a_gpio_that_no_longer_opens_is_found_at_the_opening_and_the_pump_opens"),
    Mutant("weld-unwatched", _CONTACTORS, "OPEN_WITHIN_S = 0.08", "OPEN_WITHIN_S = 5.0",
           _TI + "a_welded_contactor_is_a_fault_within_150_ms_of_opening_and_outlives_the_car"),
    Mutant("tries-for-ever", _CONTACTORS, "TRIES = 3", "TRIES = 99",
           _TI + "a_contactor_that_does_not_close_is_tried_three_times_a_second_apart"),
    Mutant("loop-unseen", _CHECKS, "        if wanted and self._low >= AGREE:", "        if False:",
           "control/test_self_checks.py::test_a_stop_in_the_safety_loop_alone_does_not_start_the_charge_when_it_is_released"),
    Mutant("coil-unsupplied", _CHECKS, "COIL_LEAST_V: Final = 10.2", "COIL_LEAST_V: Final = 0.0",
           "control/test_self_checks.py::test_nothing_closes_while_the_coil_has_no_supply"),
    # --- state F, and cars that stay in C
    Mutant("wakes-any", _EVSE, "untaken = self.presence.plugged and self.presence.settled is PilotState.B", "untaken = self.presence.plugged",
           "core/pilot/test_evse_cars.py::test_only_a_car_in_b_is_woken"),
    Mutant("never-released", "core/pilot/car_probe.py", "        self._f_asked = True\n        return True", "        return False",
           "scenarios/test_reported_cars.py::test_a_car_that_stays_in_c_through_a_disturbance_charges_again"),
    Mutant("f-again", "core/pilot/car_probe.py", "        if self._f_asked or now", "        if now",
           "scenarios/test_reported_cars.py::test_a_receiver_that_is_stuck_at_c_is_shown_f_once_and_never_closes"),
    Mutant("flinch-held", _EVSE, "        if not self._live:\n            return Reason(cause", "        if not (self._live or self.presence.flinched):\n            return Reason(cause",
           "core/pilot/test_evse_cars.py::test_a_flinch_opens_within_100_ms_like_any_other_end"),
    Mutant("sag-is-diode", _METER, "mirrored = low_v > WEAK_LOW_V and low_v + high_v > -MIRROR_V", "mirrored = True",
           _TM + "a_supply_that_sags_is_no_missing_diode"),
    Mutant("diode-is-sag", _METER, "mirrored = low_v > WEAK_LOW_V and low_v + high_v > -MIRROR_V", "mirrored = False",
           _TM + "a_low_plateau_that_mirrors_the_high_one_is_a_missing_diode"),
    # --- the economiser
    Mutant("hold-outlives", _SCRIPT, "w p1 0 w p2 0 w p3 0 hp", "hp",
           _TH + "the_script_ends_the_pwm_within_150_ms_of_the_last_beat"),
    Mutant("off-leaves-pwm", _SCRIPT, "        *(write(gpio, 0) for gpio in config.contactor_gpios),\n        hardware_pwm(", "        hardware_pwm(",
           _TH + "off_ends_the_pwm_and_proves_it"),
    Mutant("output-shared", _OUTPUTS, "            if not self._as_wanted(place, output):", "            if False:",
           _TH + "an_output_that_another_program_took_is_found"),
    Mutant("pwm-is-open", _OUTPUTS, "            if not self._as_wanted(place, output):", "            if False:",
           _TH + "pwm_on_a_contactor_that_is_not_held_is_found_whatever_its_level_is"),
    Mutant("held-restarts", _CONTACTORS, "        if self._seen_closed:\n            self.faults", "        if False:\n            self.faults",
           "control/test_hold.py::test_a_contactor_that_lets_go_while_held_stays_open_until_the_car_is_unplugged"),
    Mutant("held-unwatched", "settings/root.py", "        if self.contactor.hold_duty < 1 and not self.inputs.contactor_feedback_gpios:", "        if False:",
           "settings/test_settings_refused.py::test_a_contactor_is_held_only_where_a_mirror_contact_watches_it"),
    # --- wear
    Mutant("forty-an-hour", "core/pilot/closing_budget.py", "PER_HOUR, HOUR_S = 12", "PER_HOUR, HOUR_S = 40",
           "core/pilot/test_closing_budget.py::test_no_order_of_things_gets_more_than_twelve_closings_in_an_hour"),
    Mutant("hundreds-a-day", "core/pilot/closing_budget.py", "PER_DAY, DAY_S = 60", "PER_DAY, DAY_S = 600",
           "core/pilot/test_closing_budget.py::test_a_car_that_pauses_all_day_gets_sixty_closings_spread_over_it"),
    Mutant("chatter-free", "core/pilot/presence.py", "CHATTER_REQUESTS, CHATTER_WITHIN_S = 5", "CHATTER_REQUESTS, CHATTER_WITHIN_S = 50",
           _T + "five_askings_within_a_minute_are_answered_with_a_pause_of_a_minute"),
    Mutant("under-load", _EVSE, "self.output.x1_for_s(now) >= j1772.C1_S", "self.output.x1_for_s(now) > 0.0",
           _T + "an_offer_withdrawn_keeps_the_contactor_until_the_car_lets_go"),
    # --- shock
    Mutant("word-ignored", "core/pilot/protection.py", "            faults |= ground.faults\n", "",
           _TI + "a_stop_or_a_ground_fault_opens_in_the_same_tick_and_waits_for_the_owner"),
    Mutant("untested-device", "core/pilot/protection.py", "            ready = ground.ready\n", "",
           _TI + "the_ground_fault_device_is_tested_before_each_closing"),
    # --- a pilot that lies
    Mutant("no-diode", _EVSE, "raised = self._raise(now, Fault.DIODE, pilot.trouble)", "raised: list[ev.Event] = []",
           _T + "a_missing_diode_opens_and_shows_f_for_300_ms"),
    Mutant("diode-at-once", _EVSE, '            self._hold(now, PILOT_HOLD_OFF_S)\n            return "the pilot is well, and', '            return "the pilot is well, and',
           _T + "a_diode_that_is_seen_again_ends_the_fault_as_a_pilot_fault_ends"),
    Mutant("diode-again", _EVSE, "self._diode_faults <= DIODE_TRIES", "True",
           _T + "a_diode_that_stays_missing_is_looked_for_three_times_and_never_closes"),
    Mutant("still-at-12", _METER, "            if self._unseen_low * usable >= NOT_BY_CHANCE:", "            if False:",
           _TM + "a_pilot_that_stands_at_12_v_though_pwm_is_commanded_is_an_anomaly"),
    Mutant("stuck-at-c", _METER, "            if self._unseen_low * usable >= NOT_BY_CHANCE:", "            if False:",
           _TM + "a_sensor_stuck_at_c_is_found_out_by_the_missing_low_plateau"),
    Mutant("any-answer", "boards/pigpio/connection.py", 'return int.from_bytes(answer, "little") & self._mask == self._expected', "return True",
           "boards/pigpio/test_faults.py::test_random_bytes_for_an_answer_are_never_believed"),
    # --- fire
    Mutant("no-supply-limit", _CEILINGS, "            self._supply,\n        )", "        )",
           "sim/test_bench.py::test_the_supply_is_a_limit_of_the_configuration"),
    Mutant("limits-for-ever", _CEILINGS, "self._daemon = limits or (NO_LIMIT,)\n", "self._daemon = (NO_LIMIT,)\n",
           "sim/test_bench.py::test_messages_reach_the_control_process_and_limits_end"),
    Mutant("raised-late", "daemon/settings_service.py", "if raised and not self.setup_s():", "if False:",
           "daemon/test_settings_page.py::test_a_dangerous_setting_is_raised_within_ten_minutes_and_lowered_at_any_time"),
    Mutant("wires-unguarded", "settings/sections.py", '"""Base of the sections of all boards: the GPIOs (BCM numbers) and their purpose."""\n\n    guard: ClassVar[Guard] = Guard.BOX', '"""Base."""\n\n    guard: ClassVar[Guard] = Guard.NONE',
           "daemon/test_settings_page.py::test_a_wiring_is_changed_only_by_who_has_just_switched_the_box_on"),
    Mutant("board-left-down", "daemon/settings_restart.py", "if board and feed:", "if True:",
           "daemon/test_settings_page.py::test_a_board_that_does_not_come_up_puts_the_settings_back"),
    Mutant("absent-is-less", "settings/catalogue.py", "        if after is None:\n            return True", "        if after is None:\n            return False",
           "settings/test_page_file.py::test_only_what_is_known_to_be_the_safer_side_is_no_raise"),
    Mutant("password-once", "frontends/web/api/settings_api.py", "if not request.local and await service.guarded(changes):", "if False:",
           "frontends/web/test_settings_api.py::test_a_dangerous_setting_takes_the_password_again"),
    Mutant("token-sets", "frontends/web/auth/credentials.py", "OWNER_ONLY if owner else None", "None",
           "frontends/web/test_settings_api.py::test_no_token_changes_a_setting"),
    Mutant("foreign-sets", "frontends/web/auth/authenticator.py", 'return FOREIGN if site not in ("same-origin", "none") else None', "return None",
           "frontends/web/test_settings_api.py::test_the_page_of_another_site_changes_no_setting"),
    Mutant("fuse-in-part", "core/supply/main_fuse.py", "        self._allowed_a = self._startable(room_a)\n        self._moved_at", "        self._allowed_a -= 0.5\n        self._moved_at",
           "core/supply/test_main_fuse.py::test_too_much_is_taken_back_at_once_and_in_full"),
    Mutant("fuse-silent", "core/supply/main_fuse.py", "SILENT_S: Final = 10.0", "SILENT_S: Final = 99.0",
           "core/supply/test_main_fuse.py::test_a_meter_that_is_silent_for_ten_seconds_counts_as_full_load"),
    Mutant("fuse-over-curve", "core/supply/main_fuse.py", "        if over_a <= NOISE_A:", "        if over_a <= 40.0:",
           "core/supply/test_main_fuse.py::test_the_fuse_is_never_over_its_curve_although_the_car_answers_as_late_as_it_may"),
    Mutant("fuse-unguarded", "daemon/app.py", "guards = () if fuse is None else (HouseGuard(fuse, charger),)", "guards: tuple[HouseGuard, ...] = ()",
           "processes/test_sources.py::test_a_grid_meter_feeds_a_real_charge_and_a_house_meter_keeps_its_fuse"),
    Mutant("program-over-owner", "daemon/orders.py", "        if claim.charging and self.controls.mode is Mode.OFF:", "        if False:",
           "daemon/test_controls.py::test_no_program_switches_on_what_the_owner_has_switched_off"),
    Mutant("thick-cable", "core/pilot/cable.py", "(308.0, 32.0)", "(308.0, 63.0)",
           _TI.replace("control/test_inputs", "core/pilot/test_protection_inputs") + "a_resistor_in_the_plug_means_a_rating_and_between_two_the_lower"),
    Mutant("cable-lost", "core/pilot/cable.py", "GONE = 5 ", "GONE = 500 ",
           _TI + "a_cable_of_20_a_is_offered_20_a_and_its_loss_opens_within_150_ms"),
    Mutant("sensor-hangs", "core/pilot/thermal.py", "LOST_AFTER_S = 2.5", "LOST_AFTER_S = 60.0",
           "daemon/test_thermometer.py::test_a_sensor_that_hangs_in_the_kernel_is_lost_and_keeps_nobody_waiting"),
    Mutant("over-for-ever", "core/pilot/over_current.py", "over_s > config.for_s and over_all", "over_s > 99.0 and over_all",
           "core/pilot/test_protection_inputs.py::test_a_car_that_takes_30_percent_more_is_borne_for_4_s_and_stopped_in_7_to_8"),
    Mutant("over-for-ever-box", "core/pilot/over_current.py", "over_s > config.for_s and over_all", "over_s > 99.0 and over_all",
           "scenarios/test_electrical.py::test_a_car_that_takes_too_much_for_longer_is_cut_off_after_7_to_8_s"),
    Mutant("leak-unseen", "core/pilot/over_current.py", "leak_s >= OPEN_FOR_S", "leak_s >= 99.0",
           "scenarios/test_electrical.py::test_current_that_flows_with_the_contactor_open_is_a_fault_within_2_s_or_so"),
    Mutant("no-weights", "core/pilot/current_transformer.py", "SPAN_S: Final = 1.0", "SPAN_S: Final = 0.1",
           "core/pilot/test_current_transformer.py::test_a_sine_of_6_to_32_a_is_read_within_3_percent"),
    Mutant("any-middle", "core/pilot/current_transformer.py", "MIDDLE_WITHIN: Final = 64", "MIDDLE_WITHIN: Final = 9999",
           "core/pilot/test_current_transformer.py::test_an_input_that_is_not_at_half_the_reference_is_a_fault_and_no_reading"),
    Mutant("noise-is-current", "core/pilot/current_transformer.py", "SILENCE: Final = 1.5", "SILENCE: Final = 0.0",
           "core/pilot/test_current_transformer.py::test_a_transformer_that_is_not_clamped_on_reads_0_a"),
)  # fmt: skip

NO_CODE: Final = "nothing in evsed leads from this to a closing, so there is no line to take away"
CIRCUIT: Final = "the barrier is a part of hw/ and its model, not a line of evsed"
UNIT: Final = "the barrier is a line of the unit"
TWICE: Final = "two barriers find it, and each has a mutant of its own in the table"

WITHOUT: Final = {
    "sim/test_bench.py::test_a_stolen_pwm_is_noticed_within_a_second_or_so": TWICE,
    "core/pilot/test_pilot_proof.py::test_a_drift_from_a_to_c_closes_nothing_at_any_speed": TWICE,
    "control/test_phases.py::test_a_contact_that_stays_closed_ends_the_change_and_latches": TWICE,
    "control/test_phases.py::test_a_lost_board_in_the_middle_ends_in_all_open_and_the_whole_rest": TWICE,
    "control/test_box.py::test_whatever_the_button_does_no_contactor_closes_without_an_offer": NO_CODE,
    "control/test_inputs.py::test_with_no_car_the_contactor_is_never_told_to_close_by_a_test": NO_CODE,
    "sim/test_bench.py::test_the_charge_pump_opens_where_the_daemon_died_with_its_script": CIRCUIT,
    "sim/test_bench.py::test_each_dead_man_is_enough_alone": CIRCUIT,
    "sim/test_contactor_drive.py::test_the_pump_opens_what_is_held_as_it_opens_what_is_driven": CIRCUIT,
    "boards/pigpio/test_hold.py::test_a_killed_pigpiod_leaves_the_pwm_to_the_charge_pump_and_the_next_life_ends_it": CIRCUIT,
    "systemd/test_unit.py::test_the_car_has_time_to_let_go": UNIT,
}

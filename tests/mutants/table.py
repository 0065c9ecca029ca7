# SPDX-License-Identifier: GPL-3.0-or-later
"""The table: a file, a piece of it, what it is replaced by, and the test that has to go red."""

from __future__ import annotations

from typing import Final, NamedTuple


class Mutant(NamedTuple):
    """In *file* (under evsed/) *old* becomes *new*; *test* (under tests/) finds it."""

    name: str
    file: str
    old: str
    new: str
    test: str


_EVSE = "core/pilot/evse.py"
_PROOF = "core/pilot/pilot_proof.py"
_METER = "core/pilot/pilot_meter.py"
_CONTACTORS = "core/pilot/contactors.py"
_PUMP = "core/pilot/charge_pump.py"
_PACE = "core/pilot/punctuality.py"
_TICK = "control/tick.py"
_J1772 = "core/pilot/j1772.py"
_SCRIPT = "boards/pigpio/deadman.py"
_KERNEL = "boards/kernel/deadman.py"

_T = "core/pilot/test_evse.py::test_"
_TM = "core/pilot/test_pilot_meter.py::test_"
_TP = "core/pilot/test_pilot_proof.py::test_"
_TC = "core/pilot/test_protection_contactors.py::test_"
_TI = "core/pilot/test_protection_inputs.py::test_"
_TR = "control/test_read_back.py::test_"
_TS = "control/test_single_faults.py::test_"
_TB = "core/pilot/test_closing_budget.py::test_"

MUTANTS: Final = (
    # --- the state machine
    Mutant("open-min", "core/pilot/contactor_state.py", "OPEN_MIN_S = 1.0", "OPEN_MIN_S = 0.1",
           _T + "between_two_closings_the_contactor_is_open_for_a_second"),
    Mutant("close-after", _EVSE, "CLOSE_AFTER_S = 0.5", "CLOSE_AFTER_S = 0.1",
           _T + "a_car_that_asks_gets_the_contactor_after_half_a_second_of_c"),
    Mutant("lost-holds", _EVSE, "        if pilot.lost:\n            return Reason(",
           "        if False:\n            return Reason(",
           _T + "a_pilot_that_cannot_be_read_for_60_ms_opens"),
    Mutant("not-live-holds", _EVSE, "        if not self._live:\n            return Reason(cause",
           "        if False:\n            return Reason(cause",
           _T + "a_car_that_stops_asking_loses_the_contactor_within_two_ticks"),
    Mutant("c1-forever", _EVSE, "self.output.x1_for_s(now) >= j1772.C1_S",
           "self.output.x1_for_s(now) >= 9 * j1772.C1_S",
           _T + "a_car_that_ignores_the_end_of_the_offer_is_cut_off_after_six_seconds"),
    Mutant("fault-holds", _EVSE, "        if fault is not None:\n            return Reason(Cause.fault",
           "        if False:\n            return Reason(Cause.fault",
           _T + "a_fault_that_opens_at_once_names_itself"),
    Mutant("fault-offers", _EVSE, "        if self.active.first is not None:", "        if False:",
           _T + "a_latched_fault_of_an_earlier_life_keeps_everything_off"),
    Mutant("no-hold-off", _EVSE, "        if hold_left_s > 0.0:", "        if False:",
           _T + "after_a_crash_nothing_closes_for_ten_seconds"),
    Mutant("limit-ignored", _EVSE, "        if not limit.max_a >= j1772.MIN_A:", "        if False:",
           _T + "under_6_a_nothing_is_offered_and_nothing_closes"),
    Mutant("no-budget", _EVSE, "(pause_s := budget.left_s(now)) > 0.0", "(pause_s := 0.0) > 0.0",
           _T + "a_car_that_asks_again_and_again_is_paused_with_a_sentence_and_the_offer_is_withdrawn"),
    Mutant("short-hold-off", _EVSE, "PILOT_HOLD_OFF_S = 30.0", "PILOT_HOLD_OFF_S = 1.0",
           _T + "a_short_opens_and_nothing_closes_for_30_seconds_after_it"),
    Mutant("d-served", _EVSE, "        if settled is PilotState.D and not self._config",
           "        if settled is PilotState.E and not self._config",
           _T + "a_car_that_asks_for_ventilation_is_refused_until_it_stops_asking"),
    Mutant("per-hour", "core/pilot/closing_budget.py", "PER_HOUR, HOUR_S = 12", "PER_HOUR, HOUR_S = 40",
           _TB + "another_car_begins_anew_but_not_the_hour"),
    Mutant("loop-free", "core/pilot/closing_budget.py", "FREE = 5", "FREE = 5000",
           _TB + "a_loop_of_short_closings_grows_scarcer_until_there_is_one_an_hour"),
    # --- the proof of the pilot
    Mutant("no-b", _PROOF, "return self.proved and b_seen", "return self.proved",
           _TP + "a_step_from_a_to_c_closes_nothing_however_long_it_lasts"),
    Mutant("b-window", _PROOF, "B_V = (8.0, 10.05)", "B_V = (7.0, 11.0)",
           _TP + "an_offer_waits_for_a_steady_b"),
    Mutant("b-at-once", _PROOF, "B_AFTER_S, B_STEADY_V = 0.25,", "B_AFTER_S, B_STEADY_V = 0.0,",
           _TP + "a_b_that_lasts_a_moment_is_no_proof"),
    Mutant("b-unsteady", _PROOF, "B_AFTER_S, B_STEADY_V = 0.25, 0.5", "B_AFTER_S, B_STEADY_V = 0.25, 9.0",
           _TP + "a_reading_that_drifts_through_b_is_no_proof"),
    Mutant("step-ignored", _PROOF, "            self.strayed = self._needs_b", "            self.strayed = False",
           _TP + "a_c_that_moves_in_a_charge_costs_the_offer_and_the_car_shows_b_again"),
    Mutant("step-unconfirmed", _PROOF, "self.moved = self.confirmed = False", "self.moved = False",
           _TP + "a_confirmed_car_whose_c_moves_in_a_charge_has_to_be_confirmed_again"),
    Mutant("drift-is-step", _PROOF, "MEAN_S = 1.0", "MEAN_S = 1000.0",
           _TP + "a_c_that_drifts_in_a_charge_interrupts_nothing"),
    Mutant("proof-reused", _PROOF, "        self.moved = False\n\n    def on_not", "        return\n\n    def on_not",
           _TP + "a_reading_that_sticks_at_c_in_a_charge_is_found_at_the_next_closing"),
    Mutant("proof-inherited", _PROOF, "self.car_proved = self.confirmed = self.strayed = False\n        self._a_v",
           "self._a_v",
           _TP + "the_next_car_needs_its_own_proof"),
    Mutant("c-may-step", _PROOF, "abs(high_v - self._c_v) > C_STEADY_V", "abs(high_v - self._c_v) > 99.0",
           _TP + "a_c_that_leaves_the_level_which_followed_b_closes_nothing_until_the_next_b"),
    Mutant("any-low", _PROOF, "LOW_V = (-12.8, -11.2)", "LOW_V = (-99.0, 0.0)",
           _TP + "a_low_plateau_that_does_not_belong_to_the_high_one_closes_nothing"),
    Mutant("any-a", _PROOF, "good = reads_steady(high_v)", "good = True",
           _T + "a_front_end_that_misreads_12_v_is_a_fault_until_it_reads_well"),
    Mutant("short-f", "core/pilot/car_probe.py", "F_S = 4.0", "F_S = 0.5",
           _TP + "a_car_in_c_is_asked_for_b_by_x1_and_by_state_f_and_then_charged"),
    Mutant("probe-waits", "core/pilot/car_probe.py", "        return Probe.FAILED", "        return Probe.WAIT",
           _TP + "a_step_from_a_to_c_closes_nothing_however_long_it_lasts"),
    # --- the pilot meter
    Mutant("agree-4", _METER, "AGREE = 2 ", "AGREE = 4 ",
           _T + "a_car_that_stops_asking_loses_the_contactor_within_two_ticks"),
    Mutant("never-lost", _METER, "LOST_S = 0.05", "LOST_S = 5.0",
           _TM + "sixty_milliseconds_without_a_readable_burst_is_lost"),
    Mutant("duty-near", _METER, "DUTY_NEAR, DUTY_NEAR_BURSTS = 0.02", "DUTY_NEAR, DUTY_NEAR_BURSTS = 0.2",
           _TM + "a_duty_that_is_off_by_more_than_2_points_is_found_within_20_s_over_changes_of_the_duty"),
    Mutant("duty-far", _METER, "DUTY_FAR, DUTY_FAR_BURSTS = 0.08", "DUTY_FAR, DUTY_FAR_BURSTS = 0.9",
           _TM + "a_duty_that_is_not_the_commanded_one_is_found_within_two_seconds"),
    Mutant("short-is-d", _J1772, "    if high_v > d_e:\n        return PilotState.D", "    if high_v > -9:\n        return PilotState.D",
           _TM + "a_pilot_shorted_to_earth_is_e"),
    Mutant("x1-1s", _J1772, "X1_MIN_S = 3.0", "X1_MIN_S = 1.0",
           _T + "after_the_end_of_an_offer_three_seconds_pass_before_the_next"),
    Mutant("rises-1s", _J1772, "RISE_EVERY_S = 5.0", "RISE_EVERY_S = 1.0",
           _T + "the_duty_rises_at_most_once_in_five_seconds"),
    Mutant("duty-up", _J1772, "ppm = math.floor(min(exact", "ppm = math.ceil(min(exact",
           "core/pilot/test_j1772.py::test_the_car_never_reads_more_than_was_meant"),
    Mutant("falls-late", "core/pilot/pilot_output.py", "        if wanted < self.duty:", "        if False:",
           _T + "the_duty_falls_at_once"),
    # --- limits and faults
    Mutant("limit-forever", "core/pilot/limits.py", "        if not now < self.until_at:", "        if False:",
           "core/pilot/test_limits.py::test_a_limit_whose_time_is_up_is_zero_and_says_so"),
    Mutant("highest-wins", "core/pilot/limits.py", "return min((limit.at(now)", "return max((limit.at(now)",
           "core/pilot/test_limits.py::test_the_lowest_limit_wins_and_keeps_its_owner_and_reason"),
    # --- contactors and pump
    Mutant("one-look", _CONTACTORS, "AGREE = 2 ", "AGREE = 1 ",
           _TC + "one_bounce_of_a_mirror_contact_during_the_test_is_no_stuck_pump"),
    Mutant("no-pump-test", _CONTACTORS, "TESTED_S = 0.28", "TESTED_S = 0.0",
           _TC + "a_slow_contactor_does_not_hide_a_stuck_pump"),
    Mutant("pump-proved-once", _CONTACTORS, "self._proved = self._seen_closed = False", "self._seen_closed = False",
           _TC + "a_pump_that_came_to_be_stuck_in_a_charge_is_found_at_the_next_closing"),
    Mutant("weld-5s", _CONTACTORS, "OPEN_WITHIN_S = 0.08", "OPEN_WITHIN_S = 5.0",
           _TC + "contacts_still_closed_80_ms_after_opening_are_welded_and_need_service"),
    Mutant("loop-restarts", _CONTACTORS, "        if self._seen_closed:\n            self.faults", "        if False:\n            self.faults",
           _TC + "a_contactor_that_opens_by_itself_stays_open_until_the_car_is_unplugged"),
    Mutant("tries-99", _CONTACTORS, "TRIES = 3", "TRIES = 99",
           _TC + "a_contactor_that_does_not_close_is_tried_three_times_until_the_car_is_unplugged"),
    Mutant("pump-always", _PUMP, "        elif closed:", "        elif True:",
           _TS + "the_pump_gets_its_first_beat_with_the_first_command_to_close"),
    Mutant("pump-not-withheld", _PUMP, "        if withheld or (", "        if (",
           _TC + "while_the_pump_is_tested_the_contacts_stay_open_although_the_gpio_is_on"),
    Mutant("pin-rests-low", _PUMP, "self._next_rest_high = not self.high", "self._next_rest_high = False",
           _TC + "the_beats_end_within_60_ms_of_opening_and_the_pin_rests_at_both_levels_in_turn"),
    Mutant("no-trail", _PUMP, "self._left = TRAIL[1] if self._mirrored else 0", "self._left = 0",
           _TC + "a_pump_that_drops_fast_does_not_hide_a_gpio_that_no_longer_opens"),
    # --- the inputs
    Mutant("over-current-60s", "core/pilot/over_current.py", "gross_s >= GROSS_FOR_S", "gross_s >= 99.0",
           _TI + "a_car_that_takes_more_than_half_as_much_again_is_stopped_after_a_second"),
    Mutant("leak-forever", "core/pilot/over_current.py", "leak_s >= OPEN_FOR_S", "leak_s >= 99.0",
           _TI + "a_current_through_an_open_contactor_means_that_it_is_welded"),
    Mutant("ground-test", "core/pilot/ground_fault.py", "TRIPS_WITHIN_S = 1.0", "TRIPS_WITHIN_S = 60.0",
           _TI + "a_device_that_does_not_trip_within_a_second_of_its_test_is_a_fault"),
    Mutant("cable-gone", "core/pilot/cable.py", "GONE = 5 ", "GONE = 500 ",
           _TI + "a_cable_that_disappears_in_a_session_is_a_fault_within_100_ms_that_opens_at_once"),
    Mutant("stop-ignored", "core/pilot/protection.py", "        if inputs.emergency_stop:", "        if False:",
           _TI + "an_emergency_stop_is_a_fault_at_once_that_waits_for_the_owner"),
    Mutant("heat", "core/pilot/thermal.py", "75.0, 60.0", "99.0, 60.0",
           "core/pilot/test_protection_heat.py::test_from_55_degrees_on_the_current_falls_to_6_a_at_70_and_ends_at_75"),
    Mutant("sensor-lost", "core/pilot/thermal.py", "LOST_AFTER_S = 2.5", "LOST_AFTER_S = 60.0",
           "core/pilot/test_protection_heat.py::test_a_sensor_that_says_nothing_or_nonsense_is_lost_after_two_and_a_half_seconds"),
    # --- the pace of the ticks
    Mutant("late-200ms", _PACE, "LATE_S = 0.030", "LATE_S = 0.200",
           "control/test_late_ticks.py::test_with_any_tick_the_contacts_are_open_in_100_ms_or_the_charger_does_not_offer"),
    Mutant("never-confirm", _PACE, "CONFIRM_S = 0.0215", "CONFIRM_S = 9.0",
           "control/test_late_ticks.py::test_with_any_tick_the_contacts_are_open_in_100_ms_or_the_charger_does_not_offer"),
    Mutant("same-pause", _PACE, "FIRST_PAUSE_S * 2.0 **", "FIRST_PAUSE_S * 1.0 **",
           "core/pilot/test_punctuality.py::test_each_further_pause_is_twice_as_long_and_four_punctual_hours_forget_them"),
    Mutant("gap-ignored", _PACE, "SURE_S = 0.060", "SURE_S = 9.0",
           "control/test_late_ticks.py::test_without_a_mirror_contact_a_gap_that_the_pump_may_not_bear_ends_in_a_full_close"),
    # --- control
    Mutant("armed-ignored", _TICK, "        if not found.dead_man_armed:", "        if False:",
           _TR + "a_dead_man_that_was_stopped_is_found_within_a_second"),
    Mutant("outputs-ignored", _TICK, "        if closed > wanted.closed:", "        if False:",
           _TS + "a_gpio_that_is_stuck_high_is_found_within_a_second_and_latches_when_it_comes_back"),
    Mutant("duty-ignored", _TICK, "abs(found.duty - wanted.duty) > DUTY_STEP", "False",
           _TR + "a_duty_that_another_program_set_is_found_within_a_second"),
    Mutant("gap-unchecked", _TICK, "            self._check(last, gap_s)", "            pass",
           _TR + "a_script_that_fired_in_a_gap_is_found_in_the_first_tick_after_it"),
    Mutant("slow-beat", _TICK, "self._gap_s = beat_at - self._beat_at", "self._gap_s = 0.0",
           _TR + "a_beat_that_takes_long_itself_is_looked_into_in_the_next_tick"),
    Mutant("closing-unchecked", _TICK, "        if ready:\n            # Every", "        if False:\n            # Every",
           _TR + "every_output_is_read_back_in_the_tick_in_which_the_contactor_closes"),
    Mutant("mismatch-forgotten", _TICK, "        if self._mismatches > 1:", "        if False:",
           _TS + "a_gpio_that_is_stuck_high_is_found_within_a_second_and_latches_when_it_comes_back"),
    # --- the boards
    Mutant("pilot-first", "boards/board.py", "board.set_contactors(wanted.closed if before is not None else 0)",
           "board.set_pilot(wanted.duty)",
           _TR + "the_contactor_is_opened_before_the_pilot_is_changed_and_closed_after_it"),
    Mutant("script-patience", _SCRIPT, "PATIENCE_POLLS: Final = 9", "PATIENCE_POLLS: Final = 30",
           "boards/pigpio/test_deadman.py::test_every_contactor_opens_within_150_ms_of_the_last_beat"),
    Mutant("script-p1", _SCRIPT, "w p1 0 w p2 0", "w p2 0",
           "boards/pigpio/test_deadman.py::test_three_phases_on_other_pins_are_told_to_the_script"),
    Mutant("script-pilot", _SCRIPT, " hp p4 1000 1000000 halt", " halt",
           "boards/pigpio/test_deadman.py::test_the_offer_ends_with_the_beats"),
    Mutant("script-not-required", _SCRIPT, "    if state(pipe, script_id) != pigpio.PI_SCRIPT_RUNNING:", "    if False:",
           "boards/pigpio/test_deadman.py::test_no_contactor_closes_again_after_it_has_fired"),
    Mutant("pin-still", "boards/pigpio/board.py", "self._heartbeat_high ^= pump", "pass",
           "boards/pigpio/test_deadman.py::test_every_beat_toggles_the_heartbeat_pin_for_the_charge_pump"),
    Mutant("kernel-patience", _KERNEL, "PATIENCE_S: Final = 0.110", "PATIENCE_S: Final = 1.1",
           "boards/kernel/test_deadman.py::test_it_leaves_time_for_a_busy_pi_until_the_promised_150_ms"),
    Mutant("kernel-unarmed", _KERNEL, "self._close(count if armed else 0)", "self._close(count)",
           "boards/kernel/test_deadman.py::test_when_the_beats_stop_the_contactor_opens_and_the_pilot_is_steady"),
    Mutant("kernel-revives", _KERNEL, "        if self.state is not State.FIRED:\n            self.state", "        if True:\n            self.state",
           "boards/kernel/test_deadman.py::test_a_beat_that_comes_too_late_does_not_bring_it_back"),
    Mutant("off-gives-up", "boards/kernel/off.py", "if (consumer and holder is None) or", "if holder is None or",
           "boards/kernel/test_deadman.py::test_off_tries_again_when_the_holder_ends_while_it_is_being_asked_for"),
    # --- light and button on the box
    Mutant("light-anywhere", "boards/board.py", 'object.__setattr__(self, "box",', 'print(self, "box",',
           "boards/test_box.py::test_a_light_or_button_never_has_a_gpio_that_carries_something_else"),
    Mutant("charging-still", "core/box/light.py", 'Rhythm("with one short gap every 2 s", _gaps(1))', 'Rhythm("steady")',
           "core/box/test_light.py::test_a_light_that_stands_still_never_means_that_the_plug_is_live"),
    Mutant("light-left-lit", "boards/pigpio/off.py", "        pipe.ask(*deadman.dark_light(box))", "        pass",
           "boards/test_box.py::test_off_darkens_the_light_that_a_dead_evsed_has_left"),
    Mutant("stuck-presses", "core/box/button.py", "        if self.trouble == STUCK:", "        if False:",
           "core/box/test_button.py::test_a_button_that_is_stuck_is_a_trouble_with_a_name_and_orders_nothing"),
    Mutant("button-starts", "core/user/button_orders.py", "    if not may_start:\n        return ButtonOrder(_MAY_NOT)", "    if False:\n        return ButtonOrder(_MAY_NOT)",
           "core/user/test_button_orders.py::test_without_permission_nothing_goes_beyond_what_the_owner_has_chosen"),
    Mutant("button-acks-all", "core/user/button_orders.py", "    if others:", "    if False:",
           "core/user/test_button_orders.py::test_a_fault_that_waits_for_a_repair_keeps_the_button_from_acknowledging"),
    # --- the store
    Mutant("crashes-a-second", "store/__init__.py", "CRASHES_WITHIN_S: Final = 3600.0", "CRASHES_WITHIN_S: Final = 1.0",
           "store/test_store.py::test_crashes_with_the_contactor_closed_are_counted_for_an_hour"),
    Mutant("crash-forgotten", "store/__init__.py", "            if last_end is LastEnd.CRASH:", "            if False:",
           "store/test_store.py::test_crashes_with_the_contactor_closed_are_counted_for_an_hour"),
    Mutant("power-cut-crashes", "store/__init__.py", "LastEnd.CRASH if left == boot else LastEnd.POWER_CUT", "LastEnd.CRASH",
           "store/test_store.py::test_a_power_cut_is_no_crash_and_ends_the_count"),
    Mutant("fault-uncopied", "store/mirror.py", '    "faults": "name, detail, since, recovery",\n', "",
           "store/test_mirror.py::test_the_copy_follows_each_fault_and_each_control_at_once"),
    Mutant("damage-kept", "store/file.py", "                if _is_damage(error):", "                if False:",
           "store/test_store.py::test_a_file_damaged_while_it_is_open_is_an_error_and_then_a_new_file"),
    Mutant("unread-charges", "daemon/session_recorder.py", "if not self._loaded or trouble.lasts:", "if trouble.lasts:",
           "daemon/test_memory.py::test_a_store_that_is_locked_is_waited_for_and_its_faults_arrive"),
    Mutant("full-charges", "daemon/session_recorder.py", "if not self._loaded or trouble.lasts:", "if not self._loaded:",
           "daemon/test_memory.py::test_a_disk_that_fills_in_a_charge_is_a_fault_after_30_s_and_ends_with_the_first_write"),
    Mutant("late-unsent", "daemon/session_recorder.py", "        if self._started:\n            self.late", "        if False:\n            self.late",
           "daemon/test_memory.py::test_a_store_that_is_locked_is_waited_for_and_its_faults_arrive"),
    Mutant("crash-unheld", "daemon/session_recorder.py", "self.hold_off_s = AFTER_CRASH_S", "self.hold_off_s = 0.0",
           "daemon/test_memory.py::test_a_pause_after_a_crash_that_is_read_late_is_kept"),
    Mutant("damage-unsaid", "daemon/session_recorder.py", "        if aside != self._damaged:", "        if False:",
           "daemon/test_memory.py::test_a_damaged_store_forgets_no_fault_and_no_off_and_waits_for_the_owner"),
    Mutant("full-drops-job", "daemon/store_writer.py", "            await self.run(self._jobs[0])\n            self._jobs.pop(0)", "            await self.run(self._jobs.pop(0))",
           "daemon/test_store_writer.py::test_a_job_that_fails_stays_first_and_is_run_again"),
    Mutant("sighup-stops", "daemon/shutdown.py", "        self.code = HUNG_UP", "        self.code = STOPPED",
           "processes/test_stopping.py::test_sighup_lets_the_car_go_and_ends_so_that_systemd_starts_evsed_again"),
)  # fmt: skip

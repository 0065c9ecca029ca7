# SPDX-License-Identifier: GPL-3.0-or-later
"""SAE J1772 / IEC 61851-1 in numbers, each with its source.

The standards themselves are not free; the numbers were read in open projects that quote them
(EVerest, Tinkerforge, SmartEVSE, OpenEVSE). Numbers from memory alone are marked *unverified*.
"""

from __future__ import annotations

from enum import Enum


class PilotState(Enum):
    """State by the pilot's positive plateau (IEC 61851-1 Table A.2 ff.)."""

    A = "A"  # no car: 12 V
    B = "B"  # car there, S2 open: 9 V
    C = "C"  # car asks, no ventilation needed: 6 V
    D = "D"  # car asks, ventilation needed: 3 V
    E = "E"  # pilot shorted to earth, or the EVSE has no supply: 0 V
    F = "F"  # EVSE not available: steady -12 V


# --- levels, volts at the EVSE between pilot and earth -------------------------------------------

# The generator, +-5 % (SAE J1772 Table 1; IEC 61851-1 Table A.2).
STEADY_MIN_V, STEADY_MAX_V = 11.4, 12.6

# Thresholds between the states: the middle of the gaps that the standard leaves (9.56-11.40,
# 6.53-8.36, 3.25-5.48, 0-2.62 V). Every car of the acceptance range (R2 1.87-4.61 kOhm, R3
# 909-1723 Ohm: B 8.06-9.99 V, C 4.99-6.99 V, EVerest's hardware notes) falls on the right side.
A_B_V, B_C_V, C_D_V, D_E_V = 10.5, 7.5, 4.5, 1.5

# A threshold moves by this much against a step towards more power (about 10 codes of the ADC);
# never against a step that opens.
HYSTERESIS_V = 0.25

# A contactor closes only well inside a window: C 4.8-7.2 V (the acceptance range and the ADC's
# error); D by the same margin around 2.62-3.25 V.
CLOSE_C_V = (4.8, 7.2)
CLOSE_D_V = (2.0, 4.2)

# The negative plateau with a diode is -11.4 to -12.6 V; without one it mirrors the positive one
# (-8.8 V at most). Anything above this is not a diode.
DIODE_V = -10.8

# Beyond this no pilot can be: the sensor lies.
SENSOR_LIMIT_V = 13.0


# --- times, seconds -----------------------------------------------------------------------

# Seq. 2.2 and 8: from the car leaving C to the contactor open, the whole of it.
OPEN_WITHIN_S = 0.1
# Seq. 10.2: a car that ignores the end of the offer is cut off under load, not before.
C1_S = 6.0
# The least x1 before a new x2, so that the car notices (EVerest's T_STEP_X1, "per IEC 61851-1").
X1_MIN_S = 3.0
# Seq. 6: the car has 5 s to follow a change, so the duty rises no more often than that.
RISE_EVERY_S = 5.0
# Table A.5: a fault is shown with F for at least this long.
F_MIN_S = 0.3
# A.5.3: a car that leaves its offer untaken is called by E or F for 4 s.
WAKE_S = 4.0
# WARP opens the control pilot for 4 s first, then for 30 s; no longer than that.
CP_OPEN_MOST_S = 30.0


# --- duty <-> amperes -----------------------------------------------------------------------

STEADY = 1.0  # duty of x1: steady +12 V
NOT_AVAILABLE = 0.0  # duty of F: steady -12 V

MIN_A = 6.0  # below this there is no legal duty (Table A.7)
MAX_A = 80.0
FIRST_SLOPE_MAX_A = 51.0  # 85 %
SECOND_SLOPE_MIN_A = 52.5  # the second slope at 85 %; nothing in between is defined
PPM = 1_000_000


def duty_for_current(current_a: float) -> float:
    """Return the duty (0-1) that offers the car *current_a* amperes; `STEADY` when it is under 6 A.

    IEC 61851-1 Table A.7: I / 0.6 A up to 51 A, I / 2.5 A + 64 from 52.5 to 80 A, in percent.
    Between 51 and 52.5 A nothing is defined: 51 A. Above 80 A: 80 A. NaN: `STEADY`. The result
    is a whole number of ppm, rounded down, so that `current_for_duty` of it never exceeds
    *current_a*.
    """
    if not current_a >= MIN_A:  # also NaN
        return STEADY
    if current_a >= SECOND_SLOPE_MIN_A:
        amperes, per = min(current_a, MAX_A).as_integer_ratio()  # exact, as a product is not
        ppm = amperes * PPM // (250 * per) + 640_000
    else:
        amperes, per = min(current_a, FIRST_SLOPE_MAX_A).as_integer_ratio()
        ppm = amperes * PPM // (60 * per)
    return ppm / PPM


def current_for_duty(duty: float) -> float:
    """Return the amperes that a car may take at *duty* (0-1) (IEC 61851-1 Table A.8); or 0.

    Under 3 % and over 97 % nothing, 3-7 % only what a digital link agrees (there is none here, so
    nothing), 7-8 % nothing, 8-10 % 6 A, to 85 % 0.6 A a percent, to 96 % 2.5 A a percent from
    64 %, to 97 % 80 A.
    """
    if not 0.0 <= duty <= 1.0:  # also NaN
        return 0.0
    ppm = round(duty * PPM)
    if ppm < 80_000 or ppm > 970_000:
        return 0.0
    if ppm < 100_000:
        return MIN_A
    if ppm <= 850_000:
        return ppm * 60 / PPM
    if ppm <= 960_000:
        return (ppm - 640_000) * 250 / PPM
    return MAX_A


def state_of(high_v: float, before: PilotState | None = None) -> PilotState:
    """Return the state that a positive plateau of *high_v* volts means.

    *before* is the state so far: a step towards more power (A to B to C, E to D) has to pass its
    threshold by `HYSTERESIS_V`, a step away from power passes at the threshold itself. Never F:
    that is the absence of a positive plateau.
    """
    a_b = A_B_V - (HYSTERESIS_V if before is PilotState.A else 0.0)
    b_c = B_C_V - (HYSTERESIS_V if before is PilotState.B else 0.0)
    c_d = C_D_V + (HYSTERESIS_V if before is PilotState.D else 0.0)
    d_e = D_E_V + (HYSTERESIS_V if before is PilotState.E else 0.0)
    if high_v > a_b:
        return PilotState.A
    if high_v > b_c:
        return PilotState.B
    if high_v > c_d:
        return PilotState.C
    if high_v > d_e:
        return PilotState.D
    return PilotState.E

import type { JWK } from "jose"
import type { Algorithm } from "./model.ts"

/** A key for each algorithm. */
export type Generation = { readonly [A in Algorithm]: JWK }

/**
 * Private keys for tests, two generations of each algorithm. They are published, so they protect nothing. They are
 * fixed, so that failures are reproducible. The caller sets their key IDs.
 */
export const generations: readonly [Generation, Generation] = [
  {
    "RS256": {
      "kty": "RSA",
      "n":
        "qladXXfPtkChsPclE-x83sYoF_yAM1bZYN7pM_fEVzvEWC7OcENlDNiyMrYZMcjCG9C4IgifiHoq5CohQ46PIMNN6DuilONXVKo_kAB7Z26c2dCeA9YcSOH878nFFnTCMwQGPZqI61eR0bPbM3KJm12gSCYz-2jIALXU7rOD5_I6Hwl_G9Pazz_bgXkCq6R8_jtQi23az614WtVJxtTSFUeUfI5TuVA0j2IJJOqRkkpe1zE1MBDxK9WPKHjJ8RE-FqNv0CQah5BwuaGXVgvfnuBCdIMrk1sy_7nHjXSHvmoA2mfOpbzEhskM3SLMNsRTYYf-8qvmmgFtqIXuoGkITQ",
      "e": "AQAB",
      "d":
        "Fiel2B5ZOc82OJosjGbZ5u_HDzecRREqvNrBYiz7sIzpgL61wwxA_GbC5q2goUUHWi7PhD2y4kFhisOgB_Vm0FAWtfnrr4nSNgTet5AYfN96LypfIwiaLTCXgWiw5bbR-2iulxyeal29bZUDEbH4C-kli7zMTgrW2KDNzS40HdrBOLk6_76CdAjNE3hvSOOB0KX-2ZP0DpjNIiTIZths_tFxbTt2939yxv_YdleIiYUK5ovK_SQI1EjDPJkw9-lhh97gkr3c24NVdD7JkfrRcTypZLP2zlOajPMa0Epp2MjIdg-0Cw-DSqziuXWc9nUqXwCBprCctGyEs_yQyPfz0Q",
      "p":
        "0_PEVEPVn6RhnvAOoTK-4Dg7Fy0wK06H1Svf5ldPuyMw6FmjcR5cOQPkEIdAViKHuXfvV0U9ayt77DuS9BLy-4oLZ1aE2gquSwoy6yiHMJnbsmPT-KBBRfhVyF90S1jT-8Mcwttks2zuZxz7CKcnXnHqGOltynnX4HGT4JCfOec",
      "q":
        "zbzqefslcrY-MC-0DwW6KexUF0N801jgkeqL1iwZ7-z4RZV_AE8T3oUL3MzBsQN5eS0U5EGXKIeR_hBxnw365ePqylGLj_k2sM9hSJDa9JLzL1GDueiT1TnqjRKxudaM-P4PhI9AsM9eB3eV-MbuBUTS215ZCZgjB9qGwSGqbas",
      "dp":
        "Tefm_TYl2lUYkMwaBIRbhp0Ek0NH1lM6OE-1L7xeESIhQvZXzidjrI1SkgS00DRHARQlhEVuCutj1HQdUtt4Np8KDATQNjkA0ZJBHxC5iFK1Xz-0VUnKVEaweUMkwuE2oe6YrsLno8_hXUNYvlh6bwueCWQbt_XLNLNqsHtYG3c",
      "dq":
        "OLn8FMIQoz5oizS7-uBjYifNT9TF2ChLUzBOejESvbqjAdykddtX6STaDnlOdpY0qhqqBf2nxf8LW_gAvBBIu5ZKKJqvVnUqhTnI4w89r-3Mq6FYJqxgBoy_hUJASrNDj2vNr4koFxg2Huz0JvICsuU1FlM_TYvrLMEuIpY7vZ0",
      "qi":
        "aLU3nbw9512vDw6M1WzMYTOTvZy2RzlchpZGNomt7Gl9wrwPLWkGt3KmZaJBXXwUsCOI90mCzRdv4RuIIA1kD-3Qs9jK6plrnrQVaMR6v38JpX7WJeBTJVqL6cgU3D4iZHNZRnwVYbThOwp0tlBgbRec25kJafLgxzkJVHoAwts",
      "alg": "RS256",
      "use": "sig"
    },
    "ES256": {
      "kty": "EC",
      "x": "DQQhJc7RvR07f7Kal-stzRJQ3hL3iCiIHzFG7M7UZz0",
      "y": "sEJz5vHaslr42Qd3v-c6sNYf4agppFHiTisIhyxxP1U",
      "crv": "P-256",
      "d": "OlGJMA3bWqlFjd5Z95zvOFuXzfOoG4WrmdGaJ8At-7M",
      "alg": "ES256",
      "use": "sig"
    },
    "EdDSA": {
      "crv": "Ed25519",
      "d": "AoWZSvayt7ZEpveLBMdo91RNVslmAKktvLsDaB9-xQ4",
      "x": "UxycPYm35WPILwTdsH4AWIWFDi9IUdh5WMTFJQnpsHg",
      "kty": "OKP",
      "alg": "EdDSA",
      "use": "sig"
    }
  },
  {
    "RS256": {
      "kty": "RSA",
      "n":
        "6IESfs5051TJAlVbb3W2W566tVjgg0snxcP92s_y6ZsrI3PtL_NJqGvq1oKBOcU0E2zU17xoDSB51qK10hzYlvZMcvUS1DkyWfUbWT3gEKHcz8wAxl4CFSBNDB9Dp84LNwBX0VMWFesbxNfudnjWdFNX1uTG_l0m8KlATCOSMRwp2p_fzvzGy2RwaEvpxuMgEnu5mWk3tHvTaXViTYUdiMbyh9-xBy0N2_A-Lgxf2iAL6xTAp3hwtEFYEZsX0IP48YXAUPfIU_f0siJefE5SAyIEjGeQg3qvJp6-Og2qVbKq0BbImZMIjJobtoblpo-hMfnkoWJ8QcptmYO1d1cQLQ",
      "e": "AQAB",
      "d":
        "BeJVsBO0WzIRh-eA8c7vlMgtWaS8bS40J-SNfTcT4swcbnWtsW_i3mo5blYtWY4vWB-CD8yoRc7GLpj9vinLOcoqxfeu_ePNrapO7SEBquzBwcOGsH6AEdNNsopsWVKVBOkTZTbeVqMq19OO03zm5oOWc-05yQWyqYFgYRzprf2dXaEuEnqkYGgaHVrIZtmQIa09EO_PmosnYGwKqdrdYWo69WncX5EbnYWC_2lsvZQfLqmtVF3VyiWR0xWJUn1MtvcK3PalQyHq8kKC5jXAEZFqX7L-smfyG8gv_jPxZ9I5JRLnlDUA_NYROHbXzfsmKf9F9vUyO2UtlI9F2KnlmQ",
      "p":
        "_snP45gCHCEYHS8OQAzQiyDB_BraB0NggS5gqnQ0vKXJ2EhonoV6q2NjrK8nBdagO2c2UNiVyfmP5WQjx_Ffm66f5jUnI40fE9iC7U6CitXiestSDxQVxCIl7isBW6-XKJEy9fPi-xEKpCJKXyrcEedopF4ts0EdPl1-Cv0lQhk",
      "q":
        "6ZwhdoY61WmKEvhGo9QIyJaaTj8NDePjtCc76NT5mSRjwEDbPSTLc3fFRo7yf8o7QZ8eydaNOJDVwAIb8HEPUM7qqc87Jd9FUl8t8hPHLoc_rPq9mCpW_F9MiVu7Ce-SA-DbuMA5DvX2lsP1e8Uw-_Fm89mbXzids7S-0lJpiTU",
      "dp":
        "5yuoaXGUCH2maWQ2Y7q8xF72YoziYVCqkMrJfh5tcvRhTNF1ys6E3FgTKazJlSyEuSEOURAR5-18t77CEDlaa-Bmx_JWDpWOKu147WMcYmdpU8yCKZgpn4j0LUHru4p3daE4QZwEx5NQulc6b1ptzfjOIsQoZsmfhORC5imE0pE",
      "dq":
        "1va2zCwEY3E0fvQ7fHGWi44Z-7qFNqznUVVxCXVBIKydpcGIfKEpHd2uiJjtiK39DQtw92YYmV6dcov-Taib4U4mHY_164miboPq8YFFngkSjQhGAomjdaPz98mTOTdcc3ksdrtbResLt_wmHnh79LpUdDtff6XHaCAAH-V5-6k",
      "qi":
        "5PemjQ9cYj5aQ3n7xu_7wcaTV9c8iWYlTV127mQfRXuqZAamwp86TKfMliB4oiAseZ6offcKGNq_fwpiZ_sHzJcLVP2w_YpLROHCvf__2DRmgKJCmmOeX5L2qCUfoQQTSCpnYoo-ITwU4owSBCdwpfnJnMfginlIkshbsQX5Cvw",
      "alg": "RS256",
      "use": "sig"
    },
    "ES256": {
      "kty": "EC",
      "x": "PQQxabMb0EuevSzrTPUbfhusiwWtKRYeIIYqOiyf2Uw",
      "y": "XDgim9BvTSg5Fbnd_cA417lm4ev4uRP9naukr-Y2JqU",
      "crv": "P-256",
      "d": "AFXfDFK1NutetZQyTl7kp9aepjKqxcOzfMjmZCtMIxU",
      "alg": "ES256",
      "use": "sig"
    },
    "EdDSA": {
      "crv": "Ed25519",
      "d": "DgpmpNFS7SS5dF-Jkb_32J-rHWJR7tv6eOaoCEsgKIQ",
      "x": "UA4V_EkKzmRBNA5-TpIFPslzqv3Sf5q5fpytECQ-DUk",
      "kty": "OKP",
      "alg": "EdDSA",
      "use": "sig"
    }
  }
]

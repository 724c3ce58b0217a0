package entra

// Kind says where the remedy of an error lies.
type Kind string

// The kinds. An unknown error has none.
const (
	InPortal Kind = "portal" // a setting of the application in Entra
	InWizard Kind = "wizard" // what was entered in the wizard, or has to be entered again
	ByPerson Kind = "person" // the account that was used, or simply trying again
	ByPolicy Kind = "policy" // a policy of the company
	AtAritma Kind = "aritma" // nothing that the admin could mend
)

// Places in the portal, by the names that package portal has for them. An error without one has no place there that could
// be linked to.
const (
	PlaceAuthentication = "authentication"
	PlaceUsersAndGroups = "users-and-groups"
	PlaceAPIPermissions = "api-permissions"
	PlaceCredentials    = "credentials"
	PlaceOverview       = "overview"
	PlaceProperties     = "properties"
	PlaceCreate         = "create-application"
)

// row is what is known of one error.
type row struct {
	meaning, fix string // message ids
	kind         Kind
	place        string
}

func told(meaning, fix string, kind Kind, place string) row { return row{meaning, fix, kind, place} }

// table holds the errors that people meet when they connect an application. Sources: Microsoft, "Microsoft Entra
// authentication and authorization error codes", and the field. Numbers that need the same from the admin share sentences.
var table = map[int]row{
	// Where people are sent back to.
	50011:  told("entra.aadsts.50011.meaning", "entra.aadsts.50011.fix", InPortal, PlaceAuthentication),
	500113: told("entra.aadsts.500113.meaning", "entra.aadsts.500113.fix", InPortal, PlaceAuthentication),
	900971: told("entra.aadsts.500113.meaning", "entra.aadsts.500113.fix", InPortal, PlaceAuthentication),

	// The account.
	50020:  told("entra.aadsts.50020.meaning", "entra.aadsts.50020.fix", ByPerson, ""),
	90072:  told("entra.aadsts.50020.meaning", "entra.aadsts.50020.fix", ByPerson, ""),
	50034:  told("entra.aadsts.50034.meaning", "entra.aadsts.50034.fix", ByPerson, PlaceOverview),
	50076:  told("entra.aadsts.50076.meaning", "entra.aadsts.50076.fix", ByPerson, ""),
	50079:  told("entra.aadsts.50079.meaning", "entra.aadsts.50079.fix", ByPerson, ""),
	50105:  told("entra.aadsts.50105.meaning", "entra.aadsts.50105.fix", InPortal, PlaceUsersAndGroups),
	50126:  told("entra.aadsts.50126.meaning", "entra.aadsts.50126.fix", ByPerson, ""),
	500208: told("entra.aadsts.500208.meaning", "entra.aadsts.500208.fix", ByPerson, ""),
	54005:  told("entra.aadsts.54005.meaning", "entra.aadsts.54005.fix", ByPerson, ""),

	// Policies of the company.
	500021: told("entra.aadsts.500021.meaning", "entra.aadsts.500021.fix", ByPolicy, ""),
	500213: told("entra.aadsts.500213.meaning", "entra.aadsts.500213.fix", ByPolicy, ""),
	53000:  told("entra.aadsts.53000.meaning", "entra.aadsts.53000.fix", ByPolicy, ""),
	53003:  told("entra.aadsts.53003.meaning", "entra.aadsts.53003.fix", ByPolicy, ""),
	530032: told("entra.aadsts.530032.meaning", "entra.aadsts.53003.fix", ByPolicy, ""),

	// Consent.
	65001:  told("entra.aadsts.65001.meaning", "entra.aadsts.65001.fix", InPortal, PlaceAPIPermissions),
	90094:  told("entra.aadsts.90094.meaning", "entra.aadsts.65001.fix", InPortal, PlaceAPIPermissions),
	90095:  told("entra.aadsts.90095.meaning", "entra.aadsts.65001.fix", InPortal, PlaceAPIPermissions),
	65004:  told("entra.aadsts.65004.meaning", "entra.aadsts.65004.fix", InPortal, PlaceAPIPermissions),
	650056: told("entra.aadsts.650056.meaning", "entra.aadsts.650056.fix", InPortal, PlaceAPIPermissions),
	650059: told("entra.aadsts.650056.meaning", "entra.aadsts.650056.fix", InPortal, PlaceAPIPermissions),

	// The application and its directory.
	500011:  told("entra.aadsts.500011.meaning", "entra.aadsts.500011.fix", InWizard, PlaceOverview),
	500014:  told("entra.aadsts.500014.meaning", "entra.aadsts.500014.fix", InPortal, PlaceProperties),
	70001:   told("entra.aadsts.70001.meaning", "entra.aadsts.70001.fix", InPortal, PlaceProperties),
	7000112: told("entra.aadsts.70001.meaning", "entra.aadsts.70001.fix", InPortal, PlaceProperties),
	700016:  told("entra.aadsts.700016.meaning", "entra.aadsts.700016.fix", InWizard, PlaceOverview),
	700025:  told("entra.aadsts.700025.meaning", "entra.aadsts.700025.fix", InPortal, PlaceAuthentication),
	7000229: told("entra.aadsts.7000229.meaning", "entra.aadsts.7000229.fix", InPortal, PlaceCreate),
	90002:   told("entra.aadsts.90002.meaning", "entra.aadsts.90002.fix", InWizard, PlaceOverview),
	900023:  told("entra.aadsts.900023.meaning", "entra.aadsts.900023.fix", InWizard, PlaceOverview),
	90038:   told("entra.aadsts.90038.meaning", "entra.aadsts.90038.fix", InWizard, ""),

	// The secret.
	7000215: told("entra.aadsts.7000215.meaning", "entra.aadsts.7000215.fix", InWizard, PlaceCredentials),
	7000218: told("entra.aadsts.7000218.meaning", "entra.aadsts.7000218.fix", InWizard, PlaceCredentials),
	7000222: told("entra.aadsts.7000222.meaning", "entra.aadsts.7000222.fix", InWizard, PlaceCredentials),

	// What Aritma sent.
	50148:   told("entra.aadsts.50148.meaning", "entra.aadsts.50148.fix", AtAritma, ""),
	50194:   told("entra.aadsts.50194.meaning", "entra.aadsts.50194.fix", AtAritma, ""),
	70011:   told("entra.aadsts.70011.meaning", "entra.aadsts.aritma.fix", AtAritma, ""),
	700054:  told("entra.aadsts.700054.meaning", "entra.aadsts.50194.fix", AtAritma, ""),
	900144:  told("entra.aadsts.900144.meaning", "entra.aadsts.aritma.fix", AtAritma, ""),
	9002313: told("entra.aadsts.900144.meaning", "entra.aadsts.aritma.fix", AtAritma, ""),
}

var (
	// unknownError is for a number that the table does not have.
	unknownError = told("entra.aadsts.unknown.meaning", "entra.aadsts.unknown.fix", "", "")
	// noError is for a text without any number.
	noError = told("entra.aadsts.none.meaning", "entra.aadsts.none.fix", "", "")
)
